package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
)

// giveBack hands to the system what starting took: memory that is free (password hashes took most of it), and the pages of the program itself that only a
// start runs through. Those stay in the system's cache, and what is needed of them comes back from there page by page.
func giveBack() error {
	debug.FreeOSMemory()
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	told, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("read what is mapped: %w", err)
	}
	defer told.Close()
	ranges, err := programPages(told, self)
	if err != nil {
		return fmt.Errorf("read what is mapped: %w", err)
	}
	for _, r := range ranges {
		if _, _, no := syscall.Syscall(syscall.SYS_MADVISE, r.start, r.end-r.start, syscall.MADV_DONTNEED); no != 0 {
			return fmt.Errorf("give pages of the program back: %w", no)
		}
	}
	return nil
}

// pageRange is a range of addresses.
type pageRange struct{ start, end uintptr }

// programPages gives the ranges (proc(5), smaps) that are the program's file as it is: not to be written, and nothing in them the process's own, which
// would be lost.
func programPages(smaps io.Reader, program string) (list []pageRange, err error) {
	var at pageRange
	ours := false
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case strings.Contains(fields[0], "-"):
			if _, err := fmt.Sscanf(fields[0], "%x-%x", &at.start, &at.end); err != nil {
				return nil, err
			}
			ours = len(fields) == 6 && fields[5] == program && !strings.Contains(fields[1], "w")
		case ours && fields[0] == "Anonymous:" && fields[1] == "0":
			list = append(list, at)
		}
	}
	return list, lines.Err()
}
