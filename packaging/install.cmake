# What is installed, in three components: runtime (the program and its pages), development (the
# library) and bench. record.cmake notes what was put where, so that it can be uninstalled.
include(CMakePackageConfigHelpers)

set(man ${CMAKE_INSTALL_MANDIR})
set(share ${CMAKE_INSTALL_DATAROOTDIR})
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/climnorm)
set(CLIMNORM_FOLDERS ${CMAKE_INSTALL_BINDIR} ${CMAKE_INSTALL_INCLUDEDIR}
    ${CMAKE_INSTALL_LIBDIR}/pkgconfig ${man}/man1 ${man}/man5
    ${share}/bash-completion/completions ${share}/zsh/site-functions
    ${share}/fish/vendor_completions.d ${CMAKE_INSTALL_DOCDIR}/bench
    ${CMAKE_INSTALL_DOCDIR}/kernels ${CMAKE_INSTALL_DOCDIR}/tests ${package}
    ${CMAKE_INSTALL_LIBEXECDIR}/climnorm)
install(CODE "set(RECORD \"${PROJECT_BINARY_DIR}/installed\")
if(DEFINED ENV{CLIMNORM_RECORD}) # for tests
  set(RECORD \"\$ENV{CLIMNORM_RECORD}\")
endif()
set(FOLDERS \"${CLIMNORM_FOLDERS}\")
include(\"${PROJECT_SOURCE_DIR}/packaging/record_folders.cmake\")" ALL_COMPONENTS)

install(TARGETS climnorm RUNTIME COMPONENT runtime)
install(DIRECTORY ${CLIMNORM_MANUAL}/man1 ${CLIMNORM_MANUAL}/man5 DESTINATION ${man}
        COMPONENT runtime)
install(FILES completion/climnorm.bash DESTINATION ${share}/bash-completion/completions
        RENAME climnorm COMPONENT runtime)
install(FILES completion/_climnorm DESTINATION ${share}/zsh/site-functions COMPONENT runtime)
install(FILES completion/climnorm.fish DESTINATION ${share}/fish/vendor_completions.d
        COMPONENT runtime)
install(DIRECTORY config docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime
        PATTERN "*.py" EXCLUDE PATTERN "docs/site" EXCLUDE)
install(FILES README.md LICENSE CHANGELOG.md CITATION.cff CODE_OF_CONDUCT.md CONTRIBUTING.md
        SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
foreach(folder bench kernels tests) # the other documents link to them
  install(FILES ${folder}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder} COMPONENT runtime)
endforeach()

install(TARGETS libclimnorm_static libclimnorm_shared
        ARCHIVE COMPONENT development LIBRARY COMPONENT development)
install(DIRECTORY include/climnorm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
# Relative, because `cmake --install` may choose another prefix.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
           BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
           OUTPUT_VARIABLE CLIMNORM_PREFIX_FROM_PC)
list(JOIN CLIMNORM_MODULES " " CLIMNORM_MODULES)
list(TRANSFORM CLIMNORM_PLAIN_LIBRARIES PREPEND -l OUTPUT_VARIABLE CLIMNORM_PC_LIBRARIES)
list(JOIN MODULES_LDFLAGS " " modules)
list(JOIN CLIMNORM_PC_LIBRARIES " " CLIMNORM_PC_LIBRARIES)
string(APPEND CLIMNORM_PC_LIBRARIES " ${modules} ${OpenMP_C_FLAGS} -pthread")
configure_file(packaging/climnorm.pc.in climnorm.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/climnorm.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)
configure_package_config_file(packaging/climnormConfig.cmake.in climnormConfig.cmake.gen
  INSTALL_DESTINATION ${package} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/climnormConfig.cmake
     INPUT ${PROJECT_BINARY_DIR}/climnormConfig.cmake.gen)
write_basic_package_version_file(climnormConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/climnormConfig.cmake
        ${PROJECT_BINARY_DIR}/climnormConfigVersion.cmake DESTINATION ${package}
        COMPONENT development)
