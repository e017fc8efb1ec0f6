package source

// countryNames is ISO 3166-1 alpha-2, alpha-3 and the names that lists write, in the form of countryKey: small letters and digits only. Names of states
// that are no more lead to the one state that succeeded them, where one did.
const countryNames = `
AD AND andorra|AE ARE unitedarabemirates uae|AF AFG afghanistan islamicrepublicofafghanistan|AG ATG antiguaandbarbuda antigua|AI AIA anguilla
AL ALB albania|AM ARM armenia|AO AGO angola|AQ ATA antarctica|AR ARG argentina|AS ASM americansamoa|AT AUT austria|AU AUS australia|AW ABW aruba
AX ALA alandislands|AZ AZE azerbaijan|BA BIH bosniaandherzegovina bosnia bosniaherzegovina|BB BRB barbados|BD BGD bangladesh|BE BEL belgium
BF BFA burkinafaso|BG BGR bulgaria|BH BHR bahrain|BI BDI burundi|BJ BEN benin|BL BLM saintbarthelemy stbarthelemy|BM BMU bermuda
BN BRN brunei bruneidarussalam|BO BOL bolivia boliviaplurinationalstateof plurinationalstateofbolivia|BQ BES bonairesinteustatiusandsaba bonaire
BR BRA brazil brasil|BS BHS bahamas thebahamas|BT BTN bhutan|BV BVT bouvetisland|BW BWA botswana|BY BLR belarus republicofbelarus|BZ BLZ belize|CA CAN canada
CC CCK cocosislands cocoskeelingislands|CD COD democraticrepublicofthecongo congodemocraticrepublicofthe congodemocraticrepublic drc drcongo congokinshasa congothedemocraticrepublicofthe congodrc zaire
CF CAF centralafricanrepublic|CG COG congo republicofthecongo congorepublicofthe congobrazzaville|CH CHE switzerland|CI CIV cotedivoire ivorycoast|CK COK cookislands
CL CHL chile|CM CMR cameroon|CN CHN china peoplesrepublicofchina prc chinapeoplesrepublicof mainlandchina|CO COL colombia|CR CRI costarica|CU CUB cuba|CV CPV capeverde caboverde
CW CUW curacao|CX CXR christmasisland|CY CYP cyprus|CZ CZE czechia czechrepublic|DE DEU germany federalrepublicofgermany|DJ DJI djibouti|DK DNK denmark|DM DMA dominica
DO DOM dominicanrepublic|DZ DZA algeria|EC ECU ecuador|EE EST estonia|EG EGY egypt arabrepublicofegypt|EH ESH westernsahara|ER ERI eritrea|ES ESP spain|ET ETH ethiopia|FI FIN finland
FJ FJI fiji|FK FLK falklandislands falklandislandsmalvinas|FM FSM micronesia federatedstatesofmicronesia micronesiafederatedstatesof|FO FRO faroeislands|FR FRA france|GA GAB gabon
GB GBR unitedkingdom unitedkingdomofgreatbritainandnorthernireland uk greatbritain england scotland wales northernireland britain|GD GRD grenada|GE GEO georgia|GF GUF frenchguiana
GG GGY guernsey|GH GHA ghana|GI GIB gibraltar|GL GRL greenland|GM GMB gambia thegambia gambiathe|GN GIN guinea guineaconakry|GP GLP guadeloupe|GQ GNQ equatorialguinea|GR GRC greece
GS SGS southgeorgiaandthesouthsandwichislands|GT GTM guatemala|GU GUM guam|GW GNB guineabissau|GY GUY guyana|HK HKG hongkong chinahongkongspecialadministrativeregion hongkongsar hongkongchina
HM HMD heardislandandmcdonaldislands|HN HND honduras|HR HRV croatia|HT HTI haiti|HU HUN hungary|ID IDN indonesia|IE IRL ireland republicofireland|IL ISR israel|IM IMN isleofman manisleof
IN IND india|IO IOT britishindianoceanterritory|IQ IRQ iraq|IR IRN iran iranislamicrepublicof islamicrepublicofiran|IS ISL iceland|IT ITA italy|JE JEY jersey|JM JAM jamaica|JO JOR jordan
JP JPN japan|KE KEN kenya|KG KGZ kyrgyzstan kyrgyzrepublic|KH KHM cambodia|KI KIR kiribati|KM COM comoros|KN KNA saintkittsandnevis stkittsandnevis stkittsnevis|KP PRK koreanorth northkorea democraticpeoplesrepublicofkorea dprk koreademocraticpeoplesrepublicof
KR KOR koreasouth southkorea republicofkorea korearepublicof|KW KWT kuwait|KY CYM caymanislands|KZ KAZ kazakhstan|LA LAO laos laopeoplesdemocraticrepublic laopdr|LB LBN lebanon|LC LCA saintlucia stlucia
LI LIE liechtenstein|LK LKA srilanka|LR LBR liberia|LS LSO lesotho|LT LTU lithuania|LU LUX luxembourg|LV LVA latvia|LY LBY libya libyanarabjamahiriya stateoflibya|MA MAR morocco|MC MCO monaco
MD MDA moldova republicofmoldova moldovarepublicof|ME MNE montenegro|MF MAF saintmartin|MG MDG madagascar|MH MHL marshallislands|MK MKD northmacedonia macedonia macedoniatheformeryugoslavrepublicof formeryugoslavrepublicofmacedonia republicofnorthmacedonia
ML MLI mali|MM MMR myanmar burma myanmarburma burmamyanmar|MN MNG mongolia|MO MAC macau macao chinamacaospecialadministrativeregion|MP MNP northernmarianaislands|MQ MTQ martinique|MR MRT mauritania
MS MSR montserrat|MT MLT malta|MU MUS mauritius|MV MDV maldives|MW MWI malawi|MX MEX mexico|MY MYS malaysia|MZ MOZ mozambique|NA NAM namibia|NC NCL newcaledonia|NE NER niger|NF NFK norfolkisland
NG NGA nigeria|NI NIC nicaragua|NL NLD netherlands thenetherlands holland|NO NOR norway|NP NPL nepal|NR NRU nauru|NU NIU niue|NZ NZL newzealand|OM OMN oman|PA PAN panama|PE PER peru
PF PYF frenchpolynesia|PG PNG papuanewguinea|PH PHL philippines thephilippines|PK PAK pakistan|PL POL poland|PM SPM saintpierreandmiquelon|PN PCN pitcairn pitcairnislands|PR PRI puertorico
PS PSE palestine stateofpalestine palestinian palestinianterritories palestinianterritory palestinianterritoryoccupied occupiedpalestinianterritories occupiedpalestinianterritory westbank gaza gazastrip regiongaza regionwestbank
PT PRT portugal|PW PLW palau|PY PRY paraguay|QA QAT qatar|RE REU reunion|RO ROU romania|RS SRB serbia republicofserbia|RU RUS russia russianfederation|RW RWA rwanda|SA SAU saudiarabia kingdomofsaudiarabia
SB SLB solomonislands|SC SYC seychelles|SD SDN sudan thesudan|SE SWE sweden|SG SGP singapore|SH SHN sainthelena sthelena|SI SVN slovenia|SJ SJM svalbardandjanmayen|SK SVK slovakia slovakrepublic
SL SLE sierraleone|SM SMR sanmarino|SN SEN senegal|SO SOM somalia|SR SUR suriname|SS SSD southsudan|ST STP saotomeandprincipe|SV SLV elsalvador|SX SXM sintmaarten
SY SYR syria syrianarabrepublic|SZ SWZ eswatini swaziland|TC TCA turksandcaicosislands|TD TCD chad|TF ATF frenchsouthernterritories|TG TGO togo|TH THA thailand|TJ TJK tajikistan|TK TKL tokelau
TL TLS timorleste easttimor|TM TKM turkmenistan|TN TUN tunisia|TO TON tonga|TR TUR turkey turkiye republicofturkiye|TT TTO trinidadandtobago trinidad|TV TUV tuvalu|TW TWN taiwan taiwanprovinceofchina chinesetaipei
TZ TZA tanzania unitedrepublicoftanzania tanzaniaunitedrepublicof|UA UKR ukraine|UG UGA uganda|UM UMI unitedstatesminoroutlyingislands|US USA unitedstates unitedstatesofamerica theunitedstates theunitedstatesofamerica
UY URY uruguay|UZ UZB uzbekistan|VA VAT holysee vaticancity vatican|VC VCT saintvincentandthegrenadines stvincentandthegrenadines|VE VEN venezuela bolivarianrepublicofvenezuela venezuelabolivarianrepublicof
VG VGB britishvirginislands virginislandsbritish|VI VIR usvirginislands virginislandsus|VN VNM vietnam socialistrepublicofvietnam|VU VUT vanuatu|WF WLF wallisandfutuna|WS WSM samoa|XK XKX kosovo|YE YEM yemen republicofyemen
YT MYT mayotte|ZA ZAF southafrica|ZM ZMB zambia|ZW ZWE zimbabwe`
