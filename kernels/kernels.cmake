file(GLOB KERNEL_SOURCES CONFIGURE_DEPENDS kernels/*.c kernels/*/*.c)
add_library(climnorm_kernels OBJECT ${KERNEL_SOURCES})
target_link_libraries(climnorm_kernels PUBLIC climnorm_flags)
