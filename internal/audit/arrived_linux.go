package audit

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"syscall"
	"unsafe"
)

// arrived tells whether all that was written to a connection had come to the other side when that ended its own. A receiver that gives up in the middle
// ends its side like one that has read everything; what is under way then is refused, or not acknowledged yet (tcp(7), SIOCOUTQ).
func arrived(conn net.Conn) error {
	if over, ok := conn.(*tls.Conn); ok {
		conn = over.NetConn()
	}
	under, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := under.SyscallConn()
	if err != nil {
		return err
	}
	var refused, asked error
	var waiting int32
	err = raw.Control(func(fd uintptr) {
		var code int
		if code, refused = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR); refused == nil && code != 0 {
			refused = syscall.Errno(code)
		}
		if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&waiting))); no != 0 {
			asked = no
		}
	})
	if err = errors.Join(err, refused, asked); err != nil {
		return err
	}
	if waiting > 0 {
		return fmt.Errorf("%d octets had not arrived when it closed", waiting)
	}
	return nil
}
