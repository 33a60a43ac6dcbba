# Compiler and linker flags of every target: the warnings of the house, hardening, sanitizers.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_compile_definitions(_GNU_SOURCE)
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum
                    -Werror -fno-strict-aliasing
                    -ffp-contract=off) # a product and a sum are two roundings everywhere

include_directories(${CMAKE_SOURCE_DIR})
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")

if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  # gcc 12 warns of conversions that promotion makes exact, and of cut texts where cutting is the contract (error.c).
  add_compile_options(-Wno-maybe-uninitialized -Wno-arith-conversion -Wno-format-truncation)
endif()
if(WARRANT_SANITIZE)
  add_compile_options(-fsanitize=${WARRANT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WARRANT_SANITIZE})
else()
  add_compile_options(-fstack-protector-strong $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  if(NOT APPLE)
    add_link_options(-Wl,-z,relro,-z,now)
  endif()
endif()
if(WARRANT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(WARRANT_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()
