package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/check/face/compreface"
	"github.com/usher-kyc/usher/internal/check/face/insightface"
	"github.com/usher-kyc/usher/internal/check/face/regula"
	"github.com/usher-kyc/usher/internal/check/face/rekognition"
	"github.com/usher-kyc/usher/internal/webhook"
)

const (
	engineTimeout = 20 * time.Second // of one comparison
	engineAnswer  = 16 << 20         // bytes: results of a liveness hold pictures
)

// matcher opens the engine that compares faces, or gives nil where none is set.
func (h *house) matcher() (face.Matcher, error) {
	s := h.settings
	e, err := h.engineOf(s.FaceEngine, s.FaceThreshold, s.FaceKey)
	if err != nil || e.name == "" {
		return nil, settingErr("face", err)
	}
	var m face.Matcher
	switch e.name {
	case "compreface":
		m, err = compreface.New(compreface.Config{URL: e.url, Key: e.key, Threshold: e.threshold, Client: e.client})
	case "insightface":
		m, err = insightface.New(insightface.Config{URL: e.url, Threshold: e.threshold, Client: e.client})
	case "rekognition":
		m, err = rekognition.New(e.rekognition())
	case "regula":
		m, err = regula.New(regula.Config{URL: e.url, Threshold: e.threshold, Percent: e.percent, Client: e.client})
	default:
		err = fmt.Errorf("%q is not one of compreface, insightface, rekognition and regula", e.name)
	}
	if err != nil {
		return nil, settingErr("face", err)
	}
	return m, nil
}

// livenessEngine opens the engine that takes the place of the capture challenge, or gives nil where none is set.
func (h *house) livenessEngine() (usher.Checker, error) {
	s := h.settings
	e, err := h.engineOf(s.LivenessEngine, s.LivenessThreshold, s.LivenessKey)
	if err != nil || e.name == "" {
		return nil, settingErr("liveness", err)
	}
	var c usher.Checker
	switch e.name {
	case "rekognition":
		c, err = rekognition.NewLiveness(e.rekognition(), h.pictures.intake)
	case "regula":
		c, err = regula.NewLiveness(regula.Config{URL: e.url, Client: e.client})
	default:
		err = fmt.Errorf("%q is not one of rekognition and regula", e.name)
	}
	if err != nil {
		return nil, settingErr("liveness", err)
	}
	return c, nil
}

func settingErr(of string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s-engine: %w", of, err)
}

// faceEngine is what the settings say of one.
type faceEngine struct {
	name, url, key string
	threshold      float64
	percent        bool
	client         *http.Client
}

// rekognition gives the settings in that engine's words; the key is an id and a secret with a colon between them.
func (e faceEngine) rekognition() rekognition.Config {
	id, secret, _ := strings.Cut(e.key, ":")
	return rekognition.Config{URL: e.url, KeyID: id, Secret: secret, Threshold: e.threshold, Client: e.client}
}

// engineOf reads settings such as "compreface=https://faces.example.com" and "0.9". The engine is called by the rules for all outward calls, at the
// port that the operator names.
func (h *house) engineOf(where, threshold, key string) (faceEngine, error) {
	list, err := pairs(where)
	if err != nil || len(list) == 0 {
		return faceEngine{}, err
	}
	if len(list) > 1 {
		return faceEngine{}, fmt.Errorf("name one engine, not %d", len(list))
	}
	e := faceEngine{name: list[0].name, url: list[0].value, key: key, percent: strings.HasSuffix(threshold, "%")}
	if threshold != "" {
		if e.threshold, err = strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(threshold, "%")), 64); err != nil {
			return faceEngine{}, fmt.Errorf("the threshold %q is no number", threshold)
		}
	}
	allow, err := prefixes(h.settings.Allow)
	if err != nil {
		return faceEngine{}, err
	}
	outward := webhook.ClientConfig{Dev: h.settings.Dev, Allow: allow, Timeout: engineTimeout, MaxAnswer: engineAnswer, Ports: []uint16{443, 8443}}
	if u, err := url.Parse(e.url); err == nil {
		if port, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
			outward.Ports = append(outward.Ports, uint16(port))
		}
	}
	if err := outward.CheckURL(e.url); err != nil {
		return faceEngine{}, err
	}
	e.client = webhook.NewClient(outward)
	return e, nil
}
