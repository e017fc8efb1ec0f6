package native

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const (
	reportPath = "/v1/sessions/{id}/report.pdf"
	pdfType    = "application/pdf"
)

func (s *server) reportRoutes() {
	handle(s, route{
		method: http.MethodGet, path: reportPath, id: "get_report_pdf", tag: tagResults, may: usher.ActExportCase,
		summary: "Read everything of a case, for people",
		about: "The evidence report: data, checks, decisions, history, copies of the pictures and the hashes of all files. That you read it is kept " +
			"in the audit trail.",
	}, s.getReportPDF)
	s.api.OpenAPI().Paths[reportPath].Get.Responses["200"] = &huma.Response{
		Description: "The report.",
		Content:     map[string]*huma.MediaType{pdfType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
}

type reportInput struct {
	ByID

	Locale string `query:"locale" maxLength:"100" doc:"Language of the report, BCP 47; English where it cannot be had in that one." example:"sv"`
}

type reportOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *server) getReportPDF(ctx context.Context, p api.Principal, in *reportInput) (*reportOutput, error) {
	if s.Report == nil {
		return nil, usher.NotFound("report")
	}
	var b bytes.Buffer
	if err := s.Report.PDF(ctx, &b, p.Tenant(), in.ID, in.Locale, p.Actor()); err != nil {
		return nil, err
	}
	return &reportOutput{ContentType: pdfType, Disposition: `attachment; filename="report.pdf"`, Body: b.Bytes()}, nil
}
