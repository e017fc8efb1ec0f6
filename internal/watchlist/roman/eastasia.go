package roman

import (
	"strings"

	"github.com/mozillazg/go-unidecode"
)

// Family names stand first in Chinese, Korean and Japanese names; the readings set them apart from the given name.

// hangul reads a Korean word by the southern custom (Revised Romanization, family names as their bearers write them) and by the northern one.
func hangul(word string) (south, north string) {
	syllables := []rune(word)
	family := familyLength(syllables)
	var a, b strings.Builder
	for i, r := range syllables {
		if i > 0 && (i != 1 || family != 2) {
			a.WriteByte(' ')
			b.WriteByte(' ')
		}
		if i == 0 && family == 1 {
			if names, ok := koreanFamilies[r]; ok {
				a.WriteString(names[0])
				b.WriteString(names[len(names)-1])
				continue
			}
		}
		a.WriteString(syllable(r, southVowels))
		b.WriteString(syllable(r, northVowels))
	}
	return a.String(), b.String()
}

// familyLength says how many syllables of a word are the family name; 0 for a word that is no full name.
func familyLength(syllables []rune) int {
	switch {
	case len(syllables) >= 3 && strings.Contains("남궁 황보 제갈 선우 독고 사공 서문", string(syllables[:2])):
		return 2
	case len(syllables) <= 4:
		return 1
	}
	return 0
}

// koreanFamilies gives family names as written in the south and, where it differs, in the north.
var koreanFamilies = readFamilies(`
김 kim 이 lee/ri 리 ri 박 park/pak 최 choi/choe 정 jung/jong 강 kang 조 cho/jo 윤 yoon/yun 장 jang 임 lim/rim 림 rim 한 han 오 oh/o 서 seo/so 신 shin/sin 권 kwon 황 hwang 안 ahn/an 송 song
류 ryu 유 yoo/yu 홍 hong 전 jeon/jon 고 ko 문 moon/mun 양 yang 손 son 배 bae/pae 백 baek/paek 허 heo/ho 남 nam 심 shim/sim 노 noh/no 로 ro 하 ha 곽 kwak 성 sung/song 차 cha 주 joo/ju 우 woo/u
구 koo/ku 민 min 진 jin 나 na/ra 라 ra 지 ji 엄 eom/om 채 chae 원 won 천 cheon/chon 방 bang/pang 공 kong 현 hyun/hyon 함 ham 변 byun/pyon 염 yeom/yom 여 yeo/ryo 추 choo/chu 도 do/to 소 so
석 seok/sok 선 sun/son 설 seol/sol 마 ma 길 gil/kil 연 yeon/yon 위 wi 표 pyo 명 myung/myong 기 ki 반 ban/pan 왕 wang 금 keum/kum 옥 ok 육 yook/yuk 인 in 맹 maeng 제 je 모 mo 탁 tak 국 kuk 용 yong
`)

func readFamilies(text string) map[rune][]string {
	m := map[rune][]string{}
	for family, names := range pairs(text) {
		m[[]rune(family)[0]] = strings.Split(names, "/")
	}
	return m
}

var (
	initialSounds = strings.Split("k kk n t tt r m p pp s ss  j jj ch k t p h", " ")
	finalSounds   = strings.Split(" k k k n n n t l k m p l l p l m p p t t ng t t k t p t", " ")
	southVowels   = strings.Split("a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i", " ")
	northVowels   = strings.Split("a ae ya yae o e yo ye o wa wae oe yo u wo we wi yu u ui i", " ")
)

// syllable takes a precomposed syllable apart (Unicode 15, section 3.12).
func syllable(r rune, vowels []string) string {
	i := int(r - 0xAC00)
	if i < 0 || i >= 11172 {
		return plain(unidecode.Unidecode(string(r)))
	}
	return initialSounds[i/588] + vowels[i%588/28] + finalSounds[i%28]
}

// han reads Han characters in Chinese and, where the family name is a frequent Japanese one, in Japanese.
func han(word string) (chinese, other string) {
	chinese = pinyin([]rune(word))
	if name, ok := japanese(word); ok {
		return chinese, name
	}
	return chinese, chinese
}

// chineseFamilies are family names of two characters, and readings that a character has only as a family name.
var (
	chineseDouble   = "欧阳 歐陽 司马 司馬 诸葛 諸葛 上官 司徒 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 宇文 长孙 夏侯 轩辕 端木 南宫 独孤"
	chineseFamilies = map[rune]string{
		'单': "shan", '單': "shan", '解': "xie", '仇': "qiu", '曾': "zeng", '查': "zha", '区': "ou", '區': "ou", '朴': "piao", '任': "ren", '华': "hua", '盖': "ge",
		'乐': "yue", '樂': "yue", '秘': "bi", '冼': "xian", '缪': "miao", '員': "yun", '员': "yun", '重': "chong", '翟': "zhai", '尹': "yin", '吕': "lu", '呂': "lu",
	}
)

// pinyin reads Chinese: the family name, then the given name as one word. Words too long for a person's name are read character by character.
func pinyin(letters []rune) string {
	family := 1
	if len(letters) >= 2 && strings.Contains(chineseDouble, string(letters[:2])) {
		family = 2
	}
	var b strings.Builder
	for i, r := range letters {
		if i == family || i > family && len(letters) > 4 {
			b.WriteByte(' ')
		}
		if reading, ok := chineseFamilies[r]; ok && i == 0 && len(letters) > 1 {
			b.WriteString(reading)
			continue
		}
		b.WriteString(strings.ReplaceAll(plain(unidecode.Unidecode(string(r))), " ", ""))
	}
	return b.String()
}

// japanese reads a name whose family name is in the table; a given name that is not is left in its Chinese reading.
func japanese(word string) (string, bool) {
	letters := []rune(word)
	for n := min(3, len(letters)); n > 0; n-- {
		family, ok := japaneseFamilies[string(letters[:n])]
		if !ok {
			continue
		}
		given := string(letters[n:])
		if name, ok := japaneseGiven[given]; ok {
			return family + " " + name, true
		}
		if given == "" {
			return family, true
		}
		return family + " " + strings.ReplaceAll(pinyin([]rune(given)), " ", ""), true
	}
	if name, ok := japaneseGiven[word]; ok {
		return name, true
	}
	return "", false
}

var japaneseFamilies = pairs(`
佐藤 sato 鈴木 suzuki 高橋 takahashi 田中 tanaka 伊藤 ito 渡辺 watanabe 渡邊 watanabe 渡部 watanabe 山本 yamamoto 中村 nakamura 小林 kobayashi 加藤 kato 吉田 yoshida 山田 yamada
佐々木 sasaki 山口 yamaguchi 松本 matsumoto 井上 inoue 木村 kimura 林 hayashi 斎藤 saito 斉藤 saito 齋藤 saito 清水 shimizu 山崎 yamazaki 森 mori 池田 ikeda 橋本 hashimoto 阿部 abe 安倍 abe
石川 ishikawa 山下 yamashita 中島 nakajima 石井 ishii 小川 ogawa 前田 maeda 岡田 okada 長谷川 hasegawa 藤田 fujita 後藤 goto 近藤 kondo 村上 murakami 遠藤 endo 青木 aoki 坂本 sakamoto
藤井 fujii 西村 nishimura 福田 fukuda 太田 ota 三浦 miura 藤原 fujiwara 岡本 okamoto 松田 matsuda 中川 nakagawa 中野 nakano 原田 harada 小野 ono 田村 tamura 竹内 takeuchi 金子 kaneko
和田 wada 中山 nakayama 石田 ishida 上田 ueda 森田 morita 原 hara 柴田 shibata 酒井 sakai 工藤 kudo 横山 yokoyama 宮崎 miyazaki 宮本 miyamoto 内田 uchida 高木 takagi 安藤 ando 谷口 taniguchi
大野 ono 丸山 maruyama 今井 imai 高田 takada 藤本 fujimoto 河野 kono 武田 takeda 村田 murata 上野 ueno 杉山 sugiyama 増田 masuda 小島 kojima 菅原 sugawara 平野 hirano 大塚 otsuka 千葉 chiba
久保 kubo 松井 matsui 岩崎 iwasaki 桜井 sakurai 野口 noguchi 松尾 matsuo 野村 nomura 木下 kinoshita 菊地 kikuchi 佐野 sano 大西 onishi 杉本 sugimoto 新井 arai 浜田 hamada 市川 ichikawa
古川 furukawa 水野 mizuno 小松 komatsu 島田 shimada 小山 koyama 高野 takano 山内 yamauchi 西田 nishida 菊池 kikuchi 西川 nishikawa 五十嵐 igarashi 北村 kitamura 安田 yasuda 中田 nakata
川口 kawaguchi 平田 hirata 川崎 kawasaki 飯田 iida 吉川 yoshikawa 本田 honda 久保田 kubota 沢田 sawada 辻 tsuji 関 seki 吉村 yoshimura 渋谷 shibuya 篠原 shinohara 松岡 matsuoka 麻原 asahara 重信 shigenobu 司 tsukasa
`)

var japaneseGiven = pairs(`
陽子 yoko 恵子 keiko 幸子 sachiko 和子 kazuko 美咲 misaki 由美子 yumiko 久美子 kumiko 裕子 yuko 愛 ai 洋子 yoko 節子 setsuko 弘子 hiroko 京子 kyoko 智子 tomoko 直美 naomi 真由美 mayumi 明美 akemi 由美 yumi
陽菜 hina 結衣 yui 葵 aoi 花子 hanako 房子 fusako 春子 haruko 純子 junko 順子 junko 典子 noriko 千代子 chiyoko 文子 fumiko 道子 michiko 桜 sakura 優子 yuko 麻衣 mai 彩 aya 香織 kaori
誠 makoto 浩 hiroshi 健一 kenichi 大輔 daisuke 翔太 shota 健太 kenta 拓也 takuya 直樹 naoki 和夫 kazuo 博 hiroshi 太郎 taro 一郎 ichiro 次郎 jiro 三郎 saburo 清 kiyoshi 茂 shigeru 実 minoru 進 susumu
隆 takashi 勝 masaru 正 tadashi 豊 yutaka 明 akira 聡 satoshi 哲也 tetsuya 達也 tatsuya 浩二 koji 健二 kenji 健司 kenji 裕二 yuji 修 osamu 学 manabu 剛 tsuyoshi 亮 ryo 翔 sho 大樹 daiki 蓮 ren
晋三 shinzo 純一郎 junichiro 信夫 nobuo 義雄 yoshio 武 takeshi 猛 takeshi 忍 shinobu 稔 minoru 昭 akira 彰晃 shoko 智津夫 chizuo 邦夫 kunio 英樹 hideki 秀樹 hideki 正雄 masao 一夫 kazuo 雄一 yuichi 恵一 keiichi
`)

var kanaSounds = readKana(`
あaいiうuえeおo かkaきkiくkuけkeこko さsaしshiすsuせseそso たtaちchiつtsuてteとto なnaにniぬnuねneのno はhaひhiふfuへheほho まmaみmiむmuめmeもmo やyaゆyuよyo らraりriるruれreろro わwaをo んn
がgaぎgiぐguげgeごgo ざzaじjiずzuぜzeぞzo だdaぢjiづzuでdeどdo ばbaびbiぶbuべbeぼbo ぱpaぴpiぷpuぺpeぽpo ゔvu ぁaぃiぅuぇeぉo ゎwa
`)

func readKana(text string) map[rune]string {
	m := map[rune]string{}
	var key rune
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z':
			m[key] += string(r)
		case r > 0x3000:
			key = r
		}
	}
	return m
}

// kana reads by Hepburn's rules without marks for long vowels, as passports do.
func kana(word string) string {
	var b []byte
	double := false
	for _, r := range word {
		if r >= 'ァ' && r <= 'ヶ' {
			r -= 'ァ' - 'ぁ'
		}
		sound := kanaSounds[r]
		switch r {
		case 'っ':
			double = true
			continue
		case 'ー':
			continue
		case 'ゃ', 'ゅ', 'ょ':
			sound = map[rune]string{'ゃ': "ya", 'ゅ': "yu", 'ょ': "yo"}[r]
			if n := len(b); n > 1 && b[n-1] == 'i' {
				b = b[:n-1]
				if end := b[n-2]; end == 'h' || end == 'j' { // sha, cha, ja
					sound = sound[1:]
				}
			}
		case 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ':
			if n := len(b); n > 1 && (b[n-1] == 'u' || b[n-1] == 'i' || b[n-1] == 'e' || b[n-1] == 'o') {
				b = b[:n-1]
			}
		case 'う':
			if n := len(b); n > 0 && (b[n-1] == 'o' || b[n-1] == 'u') {
				continue
			}
		case 'お':
			if n := len(b); n > 0 && b[n-1] == 'o' {
				continue
			}
		}
		if double && sound != "" {
			b = append(b, sound[0])
			double = false
		}
		b = append(b, sound...)
	}
	return string(b)
}
