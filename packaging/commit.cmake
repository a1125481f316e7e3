# Run with each build: writes the commit of SOURCE into HEADER, or nothing where there is no git.
# "-changed" follows where files differ from it.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git -C ${SOURCE} describe --always --exclude=* --abbrev=12 --dirty=-changed
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT EXISTS ${SOURCE}/.git)
  set(commit "")
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define CLIMNORM_COMMIT \"@commit@\"\n" @ONLY)
