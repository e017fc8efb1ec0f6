package main

import (
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/picture"
)

// TestFaceEngines holds that engines are opened by what the settings say of them, and that what is missing is named.
func TestFaceEngines(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		engine, threshold, key string
		dev                    bool
		opened, wrong          string
	}{
		"none":                 {},
		"compreface":           {engine: "compreface=https://faces.example.com", threshold: "0.9", key: "k", opened: "compreface"},
		"insightface":          {engine: "insightface=http://127.0.0.1:18080", threshold: "0.4", dev: true, opened: "insightface-rest"},
		"rekognition":          {engine: "rekognition=https://rekognition.eu-west-1.amazonaws.com", threshold: "95%", key: "AKID:secret", opened: "rekognition"},
		"regula":               {engine: "regula=https://faces.example.com:41101", threshold: "75%", opened: "regula-face"},
		"no threshold":         {engine: "compreface=https://faces.example.com", key: "k", wrong: "threshold"},
		"threshold of another": {engine: "compreface=https://faces.example.com", threshold: "90%", key: "k", wrong: "threshold"},
		"no number":            {engine: "regula=https://faces.example.com", threshold: "high", wrong: "no number"},
		"half a key":           {engine: "rekognition=https://rekognition.eu-west-1.amazonaws.com", threshold: "95", key: "AKID", wrong: "key"},
		"plain http":           {engine: "compreface=http://faces.example.com", threshold: "0.9", key: "k", wrong: "https"},
		"unknown":              {engine: "eyes=https://faces.example.com", threshold: "0.9", wrong: "compreface"},
		"two":                  {engine: "regula=https://a.example.com,compreface=https://b.example.com", threshold: "0.9", wrong: "one engine"},
	} {
		h := &house{settings: settings{FaceEngine: tt.engine, FaceThreshold: tt.threshold, FaceKey: tt.key, Dev: tt.dev}}
		m, err := h.matcher()
		switch {
		case tt.wrong != "":
			if err == nil || !strings.Contains(err.Error(), tt.wrong) || tt.key != "" && strings.Contains(err.Error(), tt.key) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil, (m == nil) != (tt.opened == ""), m != nil && m.Name() != tt.opened:
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
}

func TestLivenessEngines(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		engine, threshold, key string
		opened                 bool
		wrong                  string
	}{
		"none":        {},
		"regula":      {engine: "regula=https://faces.example.com", opened: true},
		"rekognition": {engine: "rekognition=https://rekognition.eu-west-1.amazonaws.com", threshold: "80", key: "a:b", opened: true},
		"unsure":      {engine: "rekognition=https://rekognition.eu-west-1.amazonaws.com", key: "a:b", wrong: "threshold"},
		"unknown":     {engine: "compreface=https://faces.example.com", threshold: "0.9", wrong: "regula"},
	} {
		h := &house{settings: settings{LivenessEngine: tt.engine, LivenessThreshold: tt.threshold, LivenessKey: tt.key}, pictures: pictures{intake: picture.New(picture.Config{})}}
		c, err := h.livenessEngine()
		if (c != nil) != tt.opened || (err != nil) != (tt.wrong != "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}
