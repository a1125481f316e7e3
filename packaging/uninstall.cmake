# Removes what was installed from a build folder, and the folders that this leaves empty if an
# installation made them: cmake -D RECORD=build/installed -P packaging/uninstall.cmake
cmake_minimum_required(VERSION 3.25)
if(NOT EXISTS "${RECORD}-files.txt")
  message(FATAL_ERROR "Nothing is known to be installed: ${RECORD}-files.txt is missing. "
          "`make install` writes it, `make clean` removes it. To uninstall after `make clean`, "
          "install again to the same place first.")
endif()
file(STRINGS "${RECORD}-files.txt" files)
set(folders "")
if(EXISTS "${RECORD}-folders.txt")
  file(STRINGS "${RECORD}-folders.txt" folders)
endif()
list(REMOVE_DUPLICATES files)
set(removed 0)
foreach(file ${files})
  if(EXISTS "${file}" OR IS_SYMLINK "${file}")
    file(REMOVE "${file}")
    if(EXISTS "${file}" OR IS_SYMLINK "${file}")
      message(FATAL_ERROR "${file} cannot be removed: check its folder's permissions")
    endif()
    math(EXPR removed "${removed} + 1")
  endif()
  get_filename_component(folder "${file}" DIRECTORY)
  while(folder MATCHES "/climnorm(/|$)") # folders of this name are climnorm's own
    list(APPEND folders "${folder}")
    get_filename_component(folder "${folder}" DIRECTORY)
  endwhile()
endforeach()
if(removed EQUAL 0) # for one, CMake cannot part paths with a single [ or ]
  message(FATAL_ERROR "None of the files that ${RECORD}-files.txt lists was found: "
          "remove them by hand, then this list")
endif()
list(REMOVE_DUPLICATES folders)
list(SORT folders ORDER DESCENDING) # those below come first
# rmdir removes no folder that holds something, whatever its name is.
execute_process(COMMAND rmdir ${folders} ERROR_QUIET)
file(REMOVE "${RECORD}-files.txt" "${RECORD}-folders.txt")
message(STATUS "Removed ${removed} files")
