// Package web holds what the pages are made of: templates, styles, scripts and texts, built into the program so that one file is all
// there is to install.
//
// templates/shared has what every area uses, templates/<area> the pages of one area; static is served as it is; locales has the texts,
// en.json and so on for the applicant's pages and for what is shared, <area>.en.json and so on for the rest. internal/web reads them.
package web

import "embed"

// Files is the file system that internal/web.Config.Files wants.
//
//go:embed templates static locales
var Files embed.FS
