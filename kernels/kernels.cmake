# The kernels. Only the file of an ISA gets the flags of that ISA: a CPU without the ISA runs all
# other files.
file(GLOB KERNEL_SOURCES CONFIGURE_DEPENDS kernels/*.c kernels/portable/*.c)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  list(APPEND KERNEL_SOURCES kernels/x86/avx2.c kernels/x86/avx512.c)
  set_source_files_properties(kernels/x86/avx2.c PROPERTIES COMPILE_OPTIONS -mavx2)
  set_source_files_properties(kernels/x86/avx512.c PROPERTIES COMPILE_OPTIONS -mavx512f)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  list(APPEND KERNEL_SOURCES kernels/arm/neon.c)
endif()
add_library(climnorm_kernels OBJECT ${KERNEL_SOURCES})
target_link_libraries(climnorm_kernels PUBLIC climnorm_flags)
