"""The untrusted side: where students' programs run, and where nothing they say is believed.

    judge           `pool` has workers forked, sends them requests, watches time and memory;
      │             `answers` checks what comes back, `errors` says whose fault an end is
      │             a socket (`handle`): "fork" with three descriptors down, a pidfd up
    fork server     `forkserver`, `preload`: libraries imported, one thread, no secret
      │             fork, then the walls (`lockdown`): rlimits, a user of its own, `mounts`,
      │             `scratch`, `landlock`, `syscalls` by way of `kernel`
    worker          `request_loop`: the student's `cells`, what they may import (`modules`)

Between judge and worker go frames (`wire`) over two pipes: sources, inputs and calls down, arrays
and capped `text` up; no mark and no verdict.  `selftest` is a program that tries in a worker all
that is forbidden, before any submission does.
"""
