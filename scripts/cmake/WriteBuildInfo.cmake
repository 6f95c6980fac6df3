# Run at every build: writes OUTPUT from TEMPLATE, and touches it only when what it says has changed.
execute_process(COMMAND git -C "${SOURCE_DIR}" rev-parse --short=12 HEAD
  OUTPUT_VARIABLE GIT_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git -C "${SOURCE_DIR}" status --porcelain --untracked-files=no
  OUTPUT_VARIABLE changes OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(changes)
  set(GIT_DIRTY true)
else()
  set(GIT_DIRTY false)
endif()
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
