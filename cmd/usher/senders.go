package main

import (
	"fmt"
	"net/http"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/sender"
)

// senders are what brings one-time codes to people. What is not set up is left out, and a flow that asks for it is refused when it is published;
// in development the log takes its place.
func (h *house) senders(client *http.Client) (map[usher.Channel]usher.CodeSender, error) {
	s := h.settings
	senders := map[usher.Channel]usher.CodeSender{}
	if s.Dev {
		for _, c := range usher.Channels() {
			senders[c] = sender.Log{Log: h.log}
		}
	}
	if s.SMTP != "" {
		mail, err := sender.NewSMTP(s.SMTP, s.MailFrom)
		if err != nil {
			return nil, fmt.Errorf("smtp, mail-from: %w", err)
		}
		senders[usher.ByEmail] = mail
	}
	if s.SMSURL != "" {
		senders[usher.ByPhone] = sender.HTTP{URL: s.SMSURL, Token: s.SMSToken, Client: client}
	}
	return senders, nil
}
