package main

import (
	"fmt"
	"strings"

	"github.com/usher-kyc/usher/internal/emrtd"
)

// issuers reads the certificates of those who sign chips, which whoever runs the server supplies. There is no list unless
// one is set, and then the check of chips says that it was not done.
func (h *house) issuers() (*emrtd.List, error) {
	if h.settings.CSCA == "" {
		return &emrtd.List{}, nil
	}
	list, err := emrtd.Load(h.settings.CSCA)
	if err != nil {
		return nil, fmt.Errorf("csca: %w", err)
	}
	if list.Len() == 0 {
		return nil, fmt.Errorf("csca: %s holds no certificate of an issuer that can be read", h.settings.CSCA)
	}
	h.log.Info("issuers of chips read", "certificates", list.Len(), "countries", strings.Join(list.Countries(), " "),
		"unreadable", list.Unread, "not_of_issuers", list.Others)
	return list, nil
}
