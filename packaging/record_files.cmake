# Part of an installation, after all was copied: notes the files in RECORD-files.txt, which
# uninstall.cmake reads. What CPack collects is not noted.
if(NOT "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}" MATCHES "/_CPack_Packages/")
  foreach(path ${CMAKE_INSTALL_MANIFEST_FILES})
    file(APPEND "${RECORD}-files.txt" "$ENV{DESTDIR}${path}\n")
  endforeach()
endif()
