package roman

import "strings"

// Arabic and Hebrew write few vowels. Names in frequent use are read by a table, others by their consonants, which the coarse comparison of the search
// is made for.

var arabicLetters = map[rune]string{
	'ا': "a", 'أ': "a", 'إ': "i", 'آ': "a", 'ٱ': "a", 'ب': "b", 'ت': "t", 'ث': "th", 'ج': "j", 'ح': "h", 'خ': "kh", 'د': "d", 'ذ': "dh", 'ر': "r",
	'ز': "z", 'س': "s", 'ش': "sh", 'ص': "s", 'ض': "d", 'ط': "t", 'ظ': "z", 'غ': "gh", 'ف': "f", 'ق': "q", 'ك': "k", 'ل': "l", 'م': "m", 'ن': "n",
	'ه': "h", 'ى': "a", 'ة': "a", 'ؤ': "u", 'ئ': "i", 'پ': "p", 'چ': "ch", 'ژ': "zh", 'گ': "g", 'ک': "k", 'ٹ': "t", 'ڈ': "d", 'ڑ': "r", 'ں': "n", 'ے': "e", 'ہ': "h", 'ھ': "h", 'ڤ': "v",
	'٠': "0", '١': "1", '٢': "2", '٣': "3", '٤': "4", '٥': "5", '٦': "6", '٧': "7", '٨': "8", '٩': "9",
	'۰': "0", '۱': "1", '۲': "2", '۳': "3", '۴': "4", '۵': "5", '۶': "6", '۷': "7", '۸': "8", '۹': "9",
}

// arabicNames are frequent words of names as they are mostly written in Latin letters.
var arabicNames = pairs(`
محمد muhammad احمد ahmad محمود mahmud حامد hamid حميد hamid علي ali على ali حسن hasan حسين husayn عمر umar عثمان uthman ابو abu ابي abu بن bin ابن ibn بنت bint ام umm
خالد khalid يوسف yusuf ابراهيم ibrahim اسماعيل ismail مصطفى mustafa مصطفي mustafa عبد abd عبدالله abdallah طارق tariq سامي sami كريم karim ياسر yasir وليد walid ماهر mahir
فاطمة fatima عائشة aisha مريم maryam خديجة khadija زينب zaynab نور nur سارة sara ليلى layla هدى huda منى muna رانيا raniya سلمى salma ياسمين yasmin
سليمان sulayman داود dawud موسى musa عيسى isa يحيى yahya زكريا zakariya هارون harun صالح salih صلاح salah سعيد said سعد sad سعود saud فيصل faysal فهد fahd سلطان sultan
ناصر nasir نصر nasr منصور mansur جابر jabir جمال jamal كمال kamal جلال jalal عادل adil عماد imad عمار ammar بشار bashar حافظ hafiz ماجد majid مجيد majid رشيد rashid راشد rashid
قاسم qasim كاظم kazim جعفر jafar صادق sadiq رضا rida مهدي mahdi هادي hadi باقر baqir حيدر haydar عباس abbas فؤاد fuad فواد fuad رفيق rafiq شريف sharif لطيف latif
رحمن rahman رحيم rahim عزيز aziz قادر qadir كبير kabir غفور ghafur حق haq دين din الله allah الدين aldin نبيل nabil هشام hisham هاشم hashim عصام isam اسامة usama اسامه usama
ايمن ayman ايمان iman امين amin انور anwar اكرم akram اشرف ashraf بلال bilal بكر bakr تيمور taymur جهاد jihad حمزة hamza حمزه hamza زيد zayd زياد ziyad طه taha طلال talal
غازي ghazi فارس faris فتحي fathi فراس firas فريد farid قصي qusay لؤي luay مازن mazin مراد murad مروان marwan معمر muammar قذافي qadhafi منير munir مهند muhannad نادر nadir
نزار nizar نواف nawwaf وائل wail وسام wisam يعقوب yaqub حكيم hakim حليم halim سالم salim سليم salim سمير samir شاكر shakir شوقي shawqi عارف arif عاصم asim
حسيني husayni احمدي ahmadi كريمي karimi رضايي rezaei محمدي mohammadi مصري masri شامي shami حداد haddad خوري khuri نجار najjar خطيب khatib قاضي qadi درويش darwish شاهين shahin
بغدادي baghdadi تكريتي tikriti حمصي homsi حلبي halabi يمني yemeni سوري suri لبناني lubnani مغربي maghribi عراقي iraqi زواهري zawahiri ظواهري zawahiri لادن ladin صدام saddam
بوتين putin فلاديمير vladimir حسیني hosseini حسینی hosseini احمدی ahmadi کریم karim کریمی karimi رضایی rezaei محمدی mohammadi علی ali مهدی mahdi هادی hadi سعید said امیر amir امير amir حمید hamid مجید majid
شاه shah خان khan گل gul ملا mulla مولوی mawlawi مولوي mawlawi شیخ shaykh شيخ shaykh سید sayyid سيد sayyid حاجی haji حاجي haji میرزا mirza جان jan
`)

func pairs(text string) map[string]string {
	m, words := map[string]string{}, strings.Fields(text)
	for i := 0; i+1 < len(words); i += 2 {
		m[words[i]] = words[i+1]
	}
	return m
}

// arabic reads one word, the article and "servant of" apart. bare says that it was not in the table.
func arabic(word string) (text string, bare bool) {
	var b strings.Builder
	for _, r := range word {
		switch {
		case r >= 'ً' && r <= 'ٰ' || r == 'ـ': // vowel signs, the stretching line
		case r == 'أ' || r == 'إ' || r == 'آ' || r == 'ٱ':
			b.WriteRune('ا')
		default:
			b.WriteRune(r)
		}
	}
	word = b.String()
	prefix := ""
	if _, ok := arabicNames[word]; !ok {
		if rest, ok := strings.CutPrefix(word, "عبدال"); ok && rest != "" {
			prefix, word = "abd al ", rest
		} else if rest, ok := strings.CutPrefix(word, "ال"); ok && len([]rune(rest)) >= 3 {
			prefix, word = "al ", rest
		}
	}
	if name, ok := arabicNames[word]; ok {
		return prefix + name, false
	}
	return prefix + arabicByLetter(word), true
}

func arabicByLetter(word string) string {
	var b strings.Builder
	letters := []rune(word)
	for i, r := range letters {
		switch r {
		case 'و':
			b.WriteString(halfVowel(letters, i, "w", "u"))
		case 'ي', 'ی':
			b.WriteString(halfVowel(letters, i, "y", "i"))
		case 'ع', 'ء':
			if r == 'ع' && i == 0 {
				b.WriteByte('a')
			}
		default:
			if r < 0x80 {
				b.WriteRune(r)
			}
			b.WriteString(arabicLetters[r])
		}
	}
	return b.String()
}

// halfVowel is a consonant at the beginning of a word and beside a long a, and a vowel elsewhere.
func halfVowel(letters []rune, i int, consonant, vowel string) string {
	if i == 0 || i+1 < len(letters) && letters[i+1] == 'ا' {
		return consonant
	}
	return vowel
}

var hebrewLetters = map[rune]string{
	'א': "a", 'ב': "b", 'ג': "g", 'ד': "d", 'ה': "h", 'ז': "z", 'ח': "h", 'ט': "t", 'כ': "k", 'ך': "k", 'ל': "l", 'מ': "m", 'ם': "m", 'נ': "n", 'ן': "n",
	'ס': "s", 'פ': "p", 'ף': "f", 'צ': "tz", 'ץ': "tz", 'ק': "k", 'ר': "r", 'ש': "sh", 'ת': "t",
}

// hebrewNames are frequent words of names as they are mostly written in Latin letters.
var hebrewNames = pairs(`
שרה sarah רחל rachel מרים miriam יעל yael נועה noa תמר tamar מיכל michal אסתר esther רבקה rivka לאה leah חנה hannah דבורה deborah רות ruth נעמי naomi
משה moshe דוד david יוסף yosef יעקב yaakov אברהם avraham דניאל daniel אורי uri איתי itay יצחק yitzhak שמואל shmuel שלמה shlomo אהרון aharon בנימין benjamin מיכאל michael
יהודה yehuda אליהו eliyahu חיים haim מאיר meir מרדכי mordechai נתן natan עמוס amos גדעון gideon יונתן yonatan יהושע yehoshua ולדימיר vladimir
כהן cohen לוי levi לוין levin מזרחי mizrahi פרץ peretz ביטון biton דהן dahan פרידמן friedman מלכה malka אזולאי azoulay כץ katz גולן golan נתניהו netanyahu פוטין putin
בן ben בר bar בת bat
`)

// hebrew reads one word. bare says that it was not in the table.
func hebrew(word string) (text string, bare bool) {
	if name, ok := hebrewNames[word]; ok {
		return name, false
	}
	var b strings.Builder
	letters := []rune(word)
	for i, r := range letters {
		switch r {
		case 'ו':
			b.WriteString(map[bool]string{true: "v", false: "o"}[i == 0 || i+1 < len(letters) && letters[i+1] == 'ו'])
		case 'י':
			b.WriteString(map[bool]string{true: "y", false: "i"}[i == 0])
		case 'ע':
			b.WriteByte('a')
		case 'ה':
			if i+1 < len(letters) {
				b.WriteByte('h')
			} else {
				b.WriteByte('a')
			}
		default:
			if r < 0x80 {
				b.WriteRune(r)
			}
			b.WriteString(hebrewLetters[r])
		}
	}
	return b.String(), true
}
