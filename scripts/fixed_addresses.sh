#!/usr/bin/env bash
# Runs a program without address randomisation where the system lets us: on kernels that randomise
# more bits than GCC 12's ThreadSanitizer expects, it stops with "unexpected memory mapping".
if setarch --addr-no-randomize true 2>/dev/null; then
  exec setarch --addr-no-randomize "$@"
fi
exec "$@"
