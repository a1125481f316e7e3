# Part of an installation, after all was copied: notes the files in RECORD-files.txt, which
# uninstall.cmake reads. What CPack collects is not noted. Everybody may read the folders that were
# made: CMake makes those above a file with the permissions that the umask leaves.
if(NOT "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}" MATCHES "/_CPack_Packages/")
  foreach(path ${CMAKE_INSTALL_MANIFEST_FILES})
    file(APPEND "${RECORD}-files.txt" "$ENV{DESTDIR}${path}\n")
  endforeach()
  foreach(folder ${made})
    if(IS_DIRECTORY "${folder}")
      file(CHMOD "${folder}" DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
           GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
    endif()
  endforeach()
endif()
