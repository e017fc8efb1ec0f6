package incode

// OpenPaused is Open with a pause of the test's own.
var OpenPaused = open

// What map and webhook tests look at.
var (
	StatusOf        = statusOf
	OverallOf       = overallOf
	ActionOf        = actionOf
	StatusTold      = statusTold
	SessionTold     = sessionTold
	ScoreOf         = scoreAnswerOf
	OCROf           = ocrOf
	DocumentOf      = documentOf
	WatchlistOf     = watchlistOf
	DecodePicture   = decodePicture
	Texts           = texts
	Taken           = taken
	Retries         = retries
	ConfigurationID = configurationID
	TypeOf          = typeOf
	Steering        = steering
)
