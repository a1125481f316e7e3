# Part of an installation, before anything is copied: notes in RECORD-folders.txt which of FOLDERS, and
# of the folders above them, this installation will make. What CPack collects is not noted.
if(NOT "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}" MATCHES "/_CPack_Packages/")
  foreach(folder ${FOLDERS})
    set(path "${CMAKE_INSTALL_PREFIX}/${folder}")
    while(NOT EXISTS "$ENV{DESTDIR}${path}" AND NOT path STREQUAL "/")
      file(APPEND "${RECORD}-folders.txt" "$ENV{DESTDIR}${path}\n")
      get_filename_component(path "${path}" DIRECTORY)
    endwhile()
  endforeach()
endif()
