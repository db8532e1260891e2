# Toolchain file of the `wasm` preset: finds Emscripten and hands over to its own toolchain file.
# Looked for in this order: EMSDK, what setup.sh installed, PATH.
set(VQA_CACHE "$ENV{XDG_CACHE_HOME}")
if(NOT VQA_CACHE)
  set(VQA_CACHE "$ENV{HOME}/.cache")
endif()
string(APPEND VQA_CACHE /wasm-vqa)              # also holds the sources of cJSON and cmocka

if(DEFINED ENV{EMSDK})
  set(EMSCRIPTEN_ROOT_PATH "$ENV{EMSDK}/upstream/emscripten")
elseif(EXISTS "${VQA_CACHE}/emscripten/stamp")
  set(EMSCRIPTEN_ROOT_PATH "${VQA_CACHE}/emscripten")
else()
  find_program(VQA_EMCC emcc)
  if(NOT VQA_EMCC)
    message(FATAL_ERROR "Emscripten is not installed: run ./setup.sh, or set EMSDK")
  endif()
  file(REAL_PATH "${VQA_EMCC}" EMSCRIPTEN_ROOT_PATH)
  get_filename_component(EMSCRIPTEN_ROOT_PATH "${EMSCRIPTEN_ROOT_PATH}" DIRECTORY)
endif()

include("${EMSCRIPTEN_ROOT_PATH}/cmake/Modules/Platform/Emscripten.cmake")
