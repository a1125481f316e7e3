# Inflating. Only the files with loops for certain CPUs get their flags: other CPUs run all others.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  set_source_files_properties(src/codec/inflate/bmi2.c PROPERTIES
    COMPILE_OPTIONS "-O3;-mbmi;-mbmi2;-mavx2")
  set_source_files_properties(src/codec/inflate/avx512.c PROPERTIES
    COMPILE_OPTIONS "-O3;-mbmi;-mbmi2;-mavx512f;-mavx512bw;-mavx512vl;-mavx512vbmi;-mavx512vbmi2;-mgfni")
else()
  list(REMOVE_ITEM CLIMNORM_SOURCES ${PROJECT_SOURCE_DIR}/src/codec/inflate/bmi2.c
       ${PROJECT_SOURCE_DIR}/src/codec/inflate/avx512.c)
endif()
