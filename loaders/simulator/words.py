# ruff: noqa: RUF001 - names in many scripts are the point of this file
"""The vocabulary of the invented catalogue: one scene per language, every phrase made up here.

A title is a head and a tail, a band an opening and an ending, a person a given and a family name;
tails are phrases that fit any head, so no grammar is needed.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scene:
    """One language's words; `glue` stands between the parts of a title, `band_glue` of a band."""

    weight: int
    countries: tuple[str, ...]
    genres: tuple[str, ...]
    labels: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    openings: tuple[str, ...]
    endings: tuple[str, ...]
    heads: tuple[str, ...]
    tails: tuple[str, ...]
    live: str
    person: str = "{given} {family}"
    glue: str = " "
    band_glue: str = " "


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


ENGLISH = Scene(
    weight=6,
    countries=_list("GB, US, IE, AU, CA, NZ"),
    genres=_list(
        "indie folk, chamber pop, slowcore, dream pop, alt-country, post-punk, synthpop, "
        "garage rock, neo soul, ambient, art rock, house, spoken word, sea shanties, lo-fi beats"
    ),
    labels=_list(
        "Slow Harbour, Tin Roof Letters, Ninth Weather, Gentle Machinery, Marsh & Daughters, "
        "Unlit Stage, Paper Orbit"
    ),
    given=_list(
        "Maren, Ellis, Tobias, Orla, Wren, Desmond, Imogen, Caleb, Saoirse, Jonah, Adaeze, "
        "Theo, Marguerite, Silas, Niamh, Clement"
    ),
    family=_list(
        "Oldfield-Marsh, Harrowgate, O’Dunnigan, Penhallow, Vale, Thistlewood, Adeyemi-Cole, "
        "Quill, Larkspur, McArdlin, Fenwick-Rao, Hollis, Saltmarsh, Winterbourne, Bright, D'Arcey"
    ),
    openings=_list(
        "The Patient, Northern, The Borrowed, Saint, Velvet, The Unfinished, Old, Copper, "
        "The Reluctant, Half-Moon, Seven, The Quiet, Electric, Minor"
    ),
    endings=_list(
        "Cartographers, Orchards, Telephones, Lighthouse, Swimmers, Almanac, Umbrellas, Parade, "
        "Foxes, Receivers, Gardeners, Satellites, Tailors, Weathermen"
    ),
    heads=_list(
        "Paper Lanterns, Salt, The Long Way Home, Northbound, Kitchen Light, Your Brother’s Coat, "
        "Every Other Sunday, Glass Harbour, Static, Letters, Low Tide, Small Hours, Cinnamon, "
        "Don’t Wait Up, Ferris Wheel, Borrowed Time, Hummingbird, Second Storey, Tangerine, "
        "The Last Payphone, Wildfire Season, Telegraph Hill, I Can’t Whistle, Marigold, Undertow, "
        "Half a Map, Blue Kettle, Somebody’s Daughter, Aerial, Rain Check, Old Photographs, Compass"
    ),
    tails=_list(
        "in the Rain, After Midnight, (For Now), at Dawn, for Beginners, on the Radio, Again, "
        "Without You, in Slow Motion, & Other Weather, Under the Bridge, Tomorrow, by the River, "
        "from a Train, in a Minor Key, All Year, Behind the Wall, Before the War, Pt. 2, "
        "for Two Voices, in Reverse, Underwater, on Loan, by Heart"
    ),
    live="Live in Trondheim",
)

FRENCH = Scene(
    weight=3,
    countries=_list("FR, BE, CA, CH"),
    genres=_list("nouvelle chanson, électro, musette, pop française, jazz manouche, yé-yé"),
    labels=_list("Éditions du Hérisson, Disques Pluie Fine, La Fabrique à Sons, Nuit d’Août"),
    given=_list("Éloïse, Cédric, Anaïs, Léopold, Maëlle, Hervé, Zoé, Théophile, Ségolène, Noé"),
    family=_list(
        "Beauséjour, d’Arvigny, Lacôte, Faïence, Grandmaison, Lenoirmont, Çelikian, "
        "Hautclair, Saint-Frêle, Vauclaire"
    ),
    openings=_list("Les Horloges, Le Bureau, La Compagnie, Les Amants, L’Orchestre, Les Enfants"),
    endings=_list("du Canal, des Étoiles, de Papier, d’Hiver, sans Adresse, de la Gare, du Mardi"),
    heads=_list(
        "la nuit, l’été, le fleuve, une valise, ton prénom, les volets bleus, la pluie fine, "
        "un dimanche, ma sœur, le dernier métro, l’île, les cerises, une fenêtre, le silence, "
        "Ça ira, la façade, l’horloger, nos naïvetés"
    ),
    tails=_list(
        "de verre, sans fin, à minuit, sous la neige, d’août, en hiver, au bord de l’eau, "
        "pour rien, après toi, à l’envers, de Noël, où l’on danse, en papier, quand même"
    ),
    live="en concert à Liège",
)

GERMAN = Scene(
    weight=2,
    countries=_list("DE, AT, CH"),
    genres=_list("hamburger schule, krautrock, deutschpop, minimal techno, liedermacher"),
    labels=_list("Kleines Gewitter, Tonträger Süd, Möwenfunk, Nachtbus Platten"),
    given=_list("Jörg, Annegret, Käthe, Lorenz, Frieda, Götz, Mathilde, Björn, Ulrike, Anselm"),
    family=_list(
        "Grünspan, Weißenfels, Müßig, von der Au, Lämmle, Brückner, Fährmann, Öhlschläger"
    ),
    openings=_list("Die Höflichen, Das Große, Kapelle, Freie, Die Müden, Haus der"),
    endings=_list("Nachbarn, Schränke, Übermorgen, Eisvögel, Küchen, Straßenbahnen, Möwen"),
    heads=_list(
        "das letzte Schiff, Straßenlicht, kein Wort, dein Fahrrad, Nebel, die große Pause, "
        "Schwarzwaldmädchen, Süßholz, Winterschlaf, alles Gute, Telefonzelle, Über Nacht, Äpfel"
    ),
    tails=_list(
        "im Regen, für immer, am Sonntag, ohne dich, nach Mitternacht, bei den Gleisen, "
        "in Moll, wie früher, auf Zehenspitzen, aus Glas, über den Dächern"
    ),
    live="Live in Görlitz",
)

SPANISH = Scene(
    weight=3,
    countries=_list("ES, MX, AR, CO, CL"),
    genres=_list("cumbia digital, indie en español, bolero, nueva canción, flamenco pop, latin"),
    labels=_list("Discos Alacena, Sello Mañana, Casa Azotea, Ruido Amable"),
    given=_list("Inés, Joaquín, Ximena, Aurelio, Begoña, Íñigo, Lucía, Nicolás, Amparo, Tomás"),
    family=_list("Peñalver, Ibáñez Luna, Quiroga, de la Noche, Zúñiga, Olmedo, Güiraldes, Marí"),
    openings=_list("Los Relojes, Las Hermanas, El Club, La Banda, Los Hijos, Orquesta"),
    endings=_list("de Papel, del Mañana, Sin Sueño, del Balcón, de la Niebla, Peregrina"),
    heads=_list(
        "la azotea, el último tranvía, ¿Dónde estás?, canción, un corazón, las golondrinas, "
        "mañana, la niña, otro país, el mar, ¡Ay!, los domingos, jacarandá, tu paraguas"
    ),
    tails=_list(
        "de cristal, en enero, sin dormir, a las tres, bajo la lluvia, para ti, del sur, "
        "que nunca llega, al revés, con limón, de nadie, en voz baja"
    ),
    live="En vivo en Logroño",
)

PORTUGUESE = Scene(
    weight=2,
    countries=_list("BR, PT, AO"),
    genres=_list("mpb, bossa nova, tropicália, fado, samba-rock, forró"),
    labels=_list("Selo Varanda, Discos Maré Cheia, Edições Saudade Nova"),
    given=_list("Inês, João, Conceição, Tiago, Lívia, Zé, Graça, Antônio, Mônica, Caetana"),
    family=_list("Marçal, do Vale, Guimarães Rocha, d’Ávila, Sertão, Luz, Brandão, Açucena"),
    openings=_list("Os Vizinhos, As Meninas, Grupo, Banda, O Bloco, Trio"),
    endings=_list("da Ponte, do Amanhã, Maré Alta, de Papelão, da Manhã, Coração"),
    heads=_list(
        "a canção, o bonde, saudade, um avião, São João, a maçã, o cão, manhã, quintal, o mar, "
        "dona Conceição, a lição, pão de queijo"
    ),
    tails=_list(
        "de ninguém, ao luar, do interior, sem pressa, na chuva, de volta, em silêncio, "
        "pra você, de verão, outra vez"
    ),
    live="Ao vivo em Évora",
)

NORDIC = Scene(
    weight=2,
    countries=_list("NO, SE, DK, IS, FI"),
    genres=_list("nordic folk, post-rock, visor, dansband, ambient, electropop"),
    labels=_list("Fjordlyd, Blå Time, Snöskata, Lítil Plata"),
    given=_list("Åse, Bryndís, Sigurður, Østen, Märta, Søren, Þóra, Håkon, Ylva, Eyþór"),
    family=_list("Fjellheim, Ængström, Þorláksdóttir, Løvås, Sjöquist, Brøndum, Hálfdánarson"),
    openings=_list("Nordre, Vår, Tåkeøy, Snø, Hvite, Blå"),
    endings=_list("Ensemble, Mekaniske, Fjæra, Sällskap, Søstre, Kvartet, Ljós"),
    heads=_list(
        "sommerfugl, vinterljós, havet, en båt, øya, snö, gråt ikke, nordlys, tåke, fjara, "
        "hjem, måneskinn, älven, svefn"
    ),
    tails=_list(
        "om natten, uten deg, i november, på vei, før regnet, alene, ved fjorden, igjen, "
        "under isen, för alltid"
    ),
    live="Live fra Ålesund",
)

SLAVIC = Scene(
    weight=2,
    countries=_list("PL, CZ, SK, HR"),
    genres=_list("piosenka poetycka, bedroom pop, big beat, nu-jazz, folk rock"),
    labels=_list("Wytwórnia Wiśnia, Deska Žižka, Małe Fale"),
    given=_list("Łucja, Żaneta, Stanisław, Božena, Jiří, Agnieszka, Ondřej, Željko, Małgorzata"),
    family=_list("Wiśniowiecka, Źrebak, Dvořáček, Szczebrzeski, Świt, Říha, Čermáková, Łąka"),
    openings=_list("Zespół, Ostatni, Czarne, Dům, Noční, Złote"),
    endings=_list("Żurawie, Tramwaje, Świetliki, Hodiny, Páteční, Łodzie, Příběhy"),
    heads=_list(
        "ostatni pociąg, źródło, śnieg, błękitny dom, řeka, żółty parasol, cisza, wiśnie, "
        "twoje imię, měsíc, łąka, dziewczyna"
    ),
    tails=_list(
        "po północy, nad Wisłą, bez końca, w deszczu, na zawsze, v zimě, od nowa, we śnie, "
        "pod gwiazdą"
    ),
    live="na żywo w Łodzi",
)

GREEK = Scene(
    weight=1,
    countries=_list("GR, CY"),
    genres=_list("éntekhno, rebetiko, laïko, ambient"),
    labels=_list("Δίσκοι Μελτέμι, Ήχος Νησί"),
    given=_list("Ελένη, Στέφανος, Μαρίνα, Αλέξης, Ξένια, Ορέστης"),
    family=_list("Θαλασσινού, Καραβάς, Μελτέμη, Ψαράς, Αυγερινού"),
    openings=_list("Οι Φίλοι, Ορχήστρα, Τα Παιδιά"),
    endings=_list("της Βροχής, του Λιμανιού, της Κυριακής, του Φεγγαριού"),
    heads=_list("η θάλασσα, το φεγγάρι, ένα γράμμα, καλοκαίρι, το τρένο, ο δρόμος, βροχή"),
    tails=_list("το πρωί, χωρίς εσένα, στο λιμάνι, ξανά, της νύχτας, για πάντα"),
    live="Ζωντανά στον Βόλο",
)

UKRAINIAN = Scene(
    weight=1,
    countries=_list("UA"),
    genres=_list("ethno-chaos, indie folk, dream pop, darkwave"),
    labels=_list("Тиха Хвиля, Їжак Записи"),
    given=_list("Соломія, Остап, Ярина, Тарас, Зоряна, Любомир"),
    family=_list("Вітряна, Журавель, Єфименко, Лозова, Чайка"),
    openings=_list("Тихі, Останній, Сестри, Хор"),
    endings=_list("Ластівки, Трамвай, Вечір, Їжаки, Сніги"),
    heads=_list("човен, ранок, моя річка, тиша, сніг, лист, далека станція, їде поїзд"),
    tails=_list("над містом, без тебе, уночі, до світанку, на двох, знову"),
    live="наживо у Львові",
)

TURKISH = Scene(
    weight=1,
    countries=_list("TR"),
    genres=_list("anadolu rock, arabesk, turkish indie, nu-disco"),
    labels=_list("İnce Ses, Kırık Plak"),
    given=_list("İrem, Çağlar, Işıl, Ömer, Gülşen, Yiğit"),
    family=_list("Gökçeada, Işıldak, Şarkışla, Dağdelen, Özgün"),
    openings=_list("Üç, Gece, Sarı, İkinci"),
    endings=_list("Vapur, Işıklar, Güvercin, Sokağı, Şemsiye"),
    heads=_list("son vapur, gökyüzü, ışık, İstasyon, kırık ayna, eski şarkı, çay, deniz"),
    tails=_list("ve gece, sabaha karşı, yağmurda, sensiz, geri döner, uzakta"),
    live="İzmir’de canlı",
)

ARABIC = Scene(
    weight=2,
    countries=_list("LB, EG, MA, TN, JO"),
    genres=_list("shaabi, arabic indie, tarab, electro-dabke, arabic jazz"),
    labels=_list("دار النغم الصغير, أسطوانات المرفأ"),
    given=_list("ليلى, سامر, رنا, زياد, مريم, نديم, هدى"),
    family=_list("البحري, المصباح, نسيم, الغيم, سراج, النورس"),
    openings=_list("فرقة, جوقة, رباعي, أصدقاء"),
    endings=_list("المرفأ, القنديل, الياسمين, الليل, الرصيف"),
    heads=_list("رسالة, قمر, يا بحر, نافذة, طريق, غيمة, أغنية, مدينة, قهوة"),
    tails=_list("بعد منتصف الليل, على البحر, بلا عنوان, في المطر, من بعيد, إلى الصباح, لك"),
    live="حفلة صور",
)

HEBREW = Scene(
    weight=1,
    countries=_list("IL"),
    genres=_list("israeli indie, mizrahi, psychedelic rock"),
    labels=_list("תקליטי מדרכה, צליל קטן"),
    given=_list("נעמה, איתמר, יעל, גלעד, שירה"),
    family=_list("ים-סוף, כוכבי, ברושים, לילך, נהר"),
    openings=_list("להקת, אחיות, מקהלת"),
    endings=_list("המדרכה, הגשם, יום שלישי, החלון"),
    heads=_list("מכתב, גשם, חלון, רכבת, שיר, לילה, הים"),
    tails=_list("בלי סוף, על הגג, אחרי חצות, בחזרה, לבד, בדרך אליך"),
    live="הופעה חיה ביפו",
)

JAPANESE = Scene(
    weight=3,
    countries=_list("JP"),
    genres=_list("シティポップ, j-indie, shibuya-kei, enka, math rock, anime rock"),
    labels=_list("雨傘レコード, 夕凪音盤, ちいさな駅"),
    given=_list("美咲, 悠真, 千尋, 蓮, 小夜子, 航, ことり, 陽太"),
    family=_list("白川, 雨宮, 月岡, 星野原, 藤ヶ谷, 水無瀬, 朝倉, 風間"),
    person="{family} {given}",
    openings=_list("夜行, 透明, 真夏の, 東京, 猫と, 三丁目, 銀河"),
    endings=_list("標本, 電話室, ラジオ, 観測所, サーカス, 郵便, バス停"),
    heads=_list(
        "夏, 雨上がり, 最終電車, 君の部屋, 金魚, 水色, 真夜中, 海辺, 桜並木, 名もない星, コーヒー"
    ),
    tails=_list("手紙, ダンス, 約束, ワルツ, 帰り道, 匂い, ラジオ, 続き, 天気予報"),
    live="ライブ・イン・函館",
    glue="の",
    band_glue="",
)

KOREAN = Scene(
    weight=2,
    countries=_list("KR"),
    genres=_list("k-indie, k-ballad, korean r&b, city pop, trot"),
    labels=_list("작은방 레코드, 여름비 사운드"),
    given=_list("지우, 하린, 도윤, 서아, 은결, 라온"),
    family=_list("김, 이, 박, 윤, 한, 남궁"),
    person="{family}{given}",
    openings=_list("푸른, 새벽, 두번째, 느린, 골목"),
    endings=_list("우체국, 산책자, 고양이들, 세탁소, 라디오"),
    heads=_list("첫눈, 막차, 너의 이름, 여름밤, 파란 우산, 골목길, 편지, 달빛, 창문"),
    tails=_list("아래서, 속으로, 처럼, 다시, 끝에서, 없이, 그리고 우리"),
    live="부산 라이브",
)

CHINESE = Scene(
    weight=2,
    countries=_list("TW, HK, SG, CN"),
    genres=_list("mandopop, cantopop, taiwan indie, folk, c-jazz"),
    labels=_list("小雨唱片, 海角音樂, 夜市之聲"),
    given=_list("雨桐, 志遠, 小滿, 子墨, 安琪, 晓航"),
    family=_list("林, 周, 陳, 歐陽, 梁, 苏"),
    person="{family}{given}",
    openings=_list("午夜, 七號, 透明, 舊城, 蓝色"),
    endings=_list("雜貨店, 樂隊, 列車, 电话亭, 氣象台"),
    heads=_list("夏天, 末班車, 你, 海邊, 雨後, 城市, 月光, 昨天, 無人, 云"),
    tails=_list("信, 影子, 聲音, 迷宮, 歌, 窗, 告白, 距离"),
    live="台南現場",
    glue="的",
    band_glue="",
)

HINDI = Scene(
    weight=1,
    countries=_list("IN"),
    genres=_list("indian indie, ghazal, filmi, desi hip hop"),
    labels=_list("बरसात रिकॉर्ड्स, छोटी धुन"),
    given=_list("अनन्या, कबीर, मीरा, ईशान, तारा"),
    family=_list("सागर, वर्षा, दीपक, चाँदनी, मल्हार"),
    openings=_list("आधी रात, नीली, पुरानी, दो"),
    endings=_list("रेलगाड़ी, पतंग, चिट्ठियाँ, खिड़की"),
    heads=_list("बारिश, चाँद, आख़िरी रेल, तेरा नाम, सुबह, नदी, रास्ता"),
    tails=_list("के बाद, फिर से, और हम, में कहीं, के पार, धीरे धीरे"),
    live="जयपुर में लाइव",
)

VIETNAMESE = Scene(
    weight=1,
    countries=_list("VN"),
    genres=_list("v-pop, nhạc vàng, vietnamese lo-fi"),
    labels=_list("Hẻm Nhỏ, Mưa Đêm"),
    given=_list("Thu Hằng, Minh Đức, Bảo Ngọc, Quỳnh Như, Tuấn Kiệt"),
    family=_list("Nguyễn, Trần, Phạm, Đặng, Võ"),
    person="{family} {given}",
    openings=_list("Ban Nhạc, Những Chiếc, Quán"),
    endings=_list("Thuyền Giấy, Đêm Trắng, Ngã Tư, Mùa Hạ"),
    heads=_list("chuyến xe cuối, mưa, thành phố, lá thư, biển, đêm trắng, ngôi nhà"),
    tails=_list("và em, mùa đông, trong gió, không tên, ngày ấy, rất xa"),
    live="trực tiếp tại Huế",
)

YORUBA = Scene(
    weight=1,
    countries=_list("NG, BJ, GH"),
    genres=_list("afrobeat, alté, highlife, fuji"),
    labels=_list("Ọjà Sounds, Lagoon Side"),
    given=_list("Adésọlá, Fẹ́mi, Ìyábọ̀, Kọ́lá, Títílayọ̀"),
    family=_list("Olúwaṣeun, Akíntọ́lá, Ọdẹ́yalé, Balógun-Wright"),
    openings=_list("Ẹgbẹ́, The Lagoon, Baba"),
    endings=_list("Ọ̀ṣùmàrè, Ayọ̀, Drummers, Ìlù"),
    heads=_list("ọ̀rẹ́ mi, ilé, ayọ̀, owó, òjò, ìyá, ọjọ́ ọ̀la, Danfo"),
    tails=_list("ní Lagos, wá, lálẹ́, kan, fún ẹ, (Riddim)"),
    live="Live ní Ìbàdàn",
)

SCENES = (
    *(ENGLISH, FRENCH, GERMAN, SPANISH, PORTUGUESE, NORDIC, SLAVIC, GREEK, UKRAINIAN),
    *(TURKISH, ARABIC, HEBREW, JAPANESE, KOREAN, CHINESE, HINDI, VIETNAMESE, YORUBA),
)
EMOJI = ("🌙", "🔥", "🌊", "💌", "☔️", "🐚", "🛰️", "👩‍👩‍👧")  # fmt: skip
