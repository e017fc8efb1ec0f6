//go:build !linux

package blobtest

import "syscall"

// endWithUs has nothing to ask for where the system knows no such thing.
func endWithUs() *syscall.SysProcAttr { return nil }
