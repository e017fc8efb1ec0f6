package blobtest

import "syscall"

// endWithUs has the server end when the tests are killed.
func endWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
