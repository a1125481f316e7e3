# Run by CPack on what it collected, before it makes packages: compresses pages and the changelog,
# brings the copyright, and puts the completion for zsh where Debian looks for it.
cmake_minimum_required(VERSION 3.25)
file(READ "${CMAKE_CURRENT_LIST_DIR}/../LICENSE" license)
string(REGEX MATCH "Copyright[^\n]*" copyright "${license}")
string(REGEX REPLACE ".*\n\nPermission" "Permission" license "${license}")
string(STRIP "${license}" license)
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license "${license}")
set(copyright "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: climnorm

Files: *
${copyright}
License: Expat

License: Expat
 ${license}
")
string(TIMESTAMP date "%a, %d %b %Y 00:00:00 +0000" UTC) # of SOURCE_DATE_EPOCH, if that is set
string(REPLACE "\nCopyright (c)" "\nCopyright:" copyright "${copyright}")

foreach(pair "runtime climnorm" "development libclimnorm-dev")
  separate_arguments(pair)
  list(GET pair 0 component)
  list(GET pair 1 package)
  set(usr "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}/usr")
  set(doc "${usr}/share/doc/${package}")
  file(WRITE "${doc}/copyright" "${copyright}")
  file(WRITE "${doc}/changelog" "climnorm (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * CHANGELOG.md of climnorm says what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
  file(REMOVE "${doc}/LICENSE")
  file(GLOB pages "${usr}/share/man/man[1-9]/*[1-9]")
  execute_process(COMMAND gzip -9nf ${pages} "${doc}/changelog" COMMAND_ERROR_IS_FATAL ANY)
  if(EXISTS "${usr}/share/zsh/site-functions")
    file(RENAME "${usr}/share/zsh/site-functions" "${usr}/share/zsh/vendor-completions")
  endif()
  if(component STREQUAL development AND EXISTS "${usr}/share/doc/climnorm/examples")
    file(RENAME "${usr}/share/doc/climnorm/examples" "${doc}/examples")
    file(REMOVE_RECURSE "${usr}/share/doc/climnorm")
  endif()
  # What this script makes has the permissions that the umask leaves.
  execute_process(COMMAND chmod -R u=rwX,go=rX "${usr}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
