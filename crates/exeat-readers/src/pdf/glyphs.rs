//! What the names of glyphs mean: of the Adobe Glyph List those of European
//! scripts, signs and mathematics, and a few that TeX's fonts use.

use std::collections::HashMap;

/// Names and characters by turns; a character that cannot be shown as its
/// number in hexadecimal.
const NAMES: &str = "\
AE Æ AEacute Ǽ AEmacron Ǣ Aacute Á Abreve Ă Abrevecyrillic Ӑ Acaron Ǎ Acircumflex Â Acyrillic А Adblgrave Ȁ \
Adieresis Ä Adieresiscyrillic Ӓ Adieresismacron Ǟ Adotmacron Ǡ Agrave À Aiecyrillic Ӕ Ainvertedbreve Ȃ \
Alpha Α Alphatonos Ά Amacron Ā Aogonek Ą Aring Å Aringacute Ǻ Atilde Ã Becyrillic Б Beta Β Bhook Ɓ Btopbar Ƃ \
Cacute Ć Ccaron Č Ccedilla Ç Ccircumflex Ĉ Cdot Ċ Cdotaccent Ċ Cheabkhasiancyrillic Ҽ Checyrillic Ч \
Chedescenderabkhasiancyrillic Ҿ Chedescendercyrillic Ҷ Chedieresiscyrillic Ӵ Chekhakassiancyrillic Ӌ \
Cheverticalstrokecyrillic Ҹ Chi Χ Chook Ƈ DZ Ǳ DZcaron Ǆ Dafrican Ɖ Dcaron Ď Dcroat Đ Decyrillic Д Delta ∆ \
Deltagreek Δ Dhook Ɗ Djecyrillic Ђ Dslash Đ Dtopbar Ƌ Dz ǲ Dzcaron ǅ Dzeabkhasiancyrillic Ӡ Dzecyrillic Ѕ \
Dzhecyrillic Џ Eacute É Ebreve Ĕ Ecaron Ě Ecircumflex Ê Ecyrillic Є Edblgrave Ȅ Edieresis Ë Edot Ė \
Edotaccent Ė Efcyrillic Ф Egrave È Eightroman Ⅷ Einvertedbreve Ȇ Eiotifiedcyrillic Ѥ Elcyrillic Л \
Elevenroman Ⅺ Emacron Ē Emcyrillic М Encyrillic Н Endescendercyrillic Ң Eng Ŋ Enghecyrillic Ҥ \
Enhookcyrillic Ӈ Eogonek Ę Eopen Ɛ Epsilon Ε Epsilontonos Έ Ercyrillic Р Ereversed Ǝ Ereversedcyrillic Э \
Escyrillic С Esdescendercyrillic Ҫ Esh Ʃ Eta Η Etatonos Ή Eth Ð Euro € Ezh Ʒ Ezhcaron Ǯ Ezhreversed Ƹ Fhook Ƒ \
Fitacyrillic Ѳ Fiveroman Ⅴ Fourroman Ⅳ Gacute Ǵ Gamma Γ Gammaafrican Ɣ Gbreve Ğ Gcaron Ǧ Gcedilla Ģ \
Gcircumflex Ĝ Gcommaaccent Ģ Gdot Ġ Gdotaccent Ġ Gecyrillic Г Ghemiddlehookcyrillic Ҕ Ghestrokecyrillic Ғ \
Gheupturncyrillic Ґ Ghook Ɠ Gjecyrillic Ѓ Gstroke Ǥ H18533 ● H22073 □ Haabkhasiancyrillic Ҩ \
Hadescendercyrillic Ҳ Hardsigncyrillic Ъ Hbar Ħ Hcircumflex Ĥ IAcyrillic Я IJ Ĳ IUcyrillic Ю Iacute Í \
Ibreve Ĭ Icaron Ǐ Icircumflex Î Icyrillic І Idblgrave Ȉ Idieresis Ï Idieresiscyrillic Ӥ Idot İ Idotaccent İ \
Iebrevecyrillic Ӗ Iecyrillic Е Ifraktur ℑ Igrave Ì Iicyrillic И Iinvertedbreve Ȋ Iishortcyrillic Й Imacron Ī \
Imacroncyrillic Ӣ Iocyrillic Ё Iogonek Į Iota Ι Iotaafrican Ɩ Iotadieresis Ϊ Iotatonos Ί Istroke Ɨ Itilde Ĩ \
Izhitsacyrillic Ѵ Izhitsadblgravecyrillic Ѷ Jcircumflex Ĵ Jecyrillic Ј Kabashkircyrillic Ҡ Kacyrillic К \
Kadescendercyrillic Қ Kahookcyrillic Ӄ Kappa Κ Kastrokecyrillic Ҟ Kaverticalstrokecyrillic Ҝ Kcaron Ǩ \
Kcedilla Ķ Kcommaaccent Ķ Khacyrillic Х Khook Ƙ Kjecyrillic Ќ Koppacyrillic Ҁ Ksicyrillic Ѯ LJ Ǉ Lacute Ĺ \
Lambda Λ Lcaron Ľ Lcedilla Ļ Lcommaaccent Ļ Ldot Ŀ Ldotaccent Ŀ Lj ǈ Ljecyrillic Љ Lslash Ł Mturned Ɯ Mu Μ \
NJ Ǌ Nacute Ń Ncaron Ň Ncedilla Ņ Ncommaaccent Ņ Nhookleft Ɲ Nineroman Ⅸ Nj ǋ Njecyrillic Њ Ntilde Ñ Nu Ν \
OE Œ Oacute Ó Obarredcyrillic Ө Obarreddieresiscyrillic Ӫ Obreve Ŏ Ocaron Ǒ Ocenteredtilde Ɵ Ocircumflex Ô \
Ocyrillic О Odblacute Ő Odblgrave Ȍ Odieresis Ö Odieresiscyrillic Ӧ Ograve Ò Ohm Ω Ohorn Ơ Ohungarumlaut Ő \
Oi Ƣ Oinvertedbreve Ȏ Omacron Ō Omega Ω Omegacyrillic Ѡ Omegagreek Ω Omegaroundcyrillic Ѻ \
Omegatitlocyrillic Ѽ Omegatonos Ώ Omicron Ο Omicrontonos Ό Oneroman Ⅰ Oogonek Ǫ Oogonekmacron Ǭ Oopen Ɔ \
Oslash Ø Oslashacute Ǿ Ostrokeacute Ǿ Otcyrillic Ѿ Otilde Õ Pecyrillic П Pemiddlehookcyrillic Ҧ Phi Φ Phook Ƥ \
Pi Π Psi Ψ Psicyrillic Ѱ Racute Ŕ Rcaron Ř Rcedilla Ŗ Rcommaaccent Ŗ Rdblgrave Ȑ Rfraktur ℜ Rho Ρ \
Rinvertedbreve Ȓ Rsmallinvertedsuperior ʶ Sacute Ś Scaron Š Scedilla Ş Schwa Ə Schwacyrillic Ә \
Schwadieresiscyrillic Ӛ Scircumflex Ŝ Scommaaccent Ș Sevenroman Ⅶ Shacyrillic Ш Shchacyrillic Щ \
Shhacyrillic Һ Sigma Σ Sixroman Ⅵ Softsigncyrillic Ь Tau Τ Tbar Ŧ Tcaron Ť Tcedilla Ţ Tcommaaccent Ţ \
Tecyrillic Т Tedescendercyrillic Ҭ Tenroman Ⅹ Tetsecyrillic Ҵ Theta Θ Thook Ƭ Thorn Þ Threeroman Ⅲ Tonefive Ƽ \
Tonesix Ƅ Tonetwo Ƨ Tretroflexhook Ʈ Tsecyrillic Ц Tshecyrillic Ћ Twelveroman Ⅻ Tworoman Ⅱ Uacute Ú Ubreve Ŭ \
Ucaron Ǔ Ucircumflex Û Ucyrillic У Udblacute Ű Udblgrave Ȕ Udieresis Ü Udieresisacute Ǘ Udieresiscaron Ǚ \
Udieresiscyrillic Ӱ Udieresisgrave Ǜ Udieresismacron Ǖ Ugrave Ù Uhorn Ư Uhungarumlaut Ű \
Uhungarumlautcyrillic Ӳ Uinvertedbreve Ȗ Ukcyrillic Ѹ Umacron Ū Umacroncyrillic Ӯ Uogonek Ų Upsilon Υ \
Upsilon1 ϒ Upsilonacutehooksymbolgreek ϓ Upsilonafrican Ʊ Upsilondieresis Ϋ Upsilondieresishooksymbolgreek ϔ \
Upsilonhooksymbol ϒ Upsilontonos Ύ Uring Ů Ushortcyrillic Ў Ustraightcyrillic Ү Ustraightstrokecyrillic Ұ \
Utilde Ũ Vecyrillic В Vhook Ʋ Wacute Ẃ Wcircumflex Ŵ Wdieresis Ẅ Wgrave Ẁ Xi Ξ Yacute Ý Yatcyrillic Ѣ \
Ycircumflex Ŷ Ydieresis Ÿ Yericyrillic Ы Yerudieresiscyrillic Ӹ Ygrave Ỳ Yhook Ƴ Yicyrillic Ї \
Yusbigcyrillic Ѫ Yusbigiotifiedcyrillic Ѭ Yuslittlecyrillic Ѧ Yuslittleiotifiedcyrillic Ѩ Zacute Ź Zcaron Ž \
Zdot Ż Zdotaccent Ż Zecyrillic З Zedescendercyrillic Ҙ Zedieresiscyrillic Ӟ Zeta Ζ Zhebrevecyrillic Ӂ \
Zhecyrillic Ж Zhedescendercyrillic Җ Zhedieresiscyrillic Ӝ Zstroke Ƶ aacute á abreve ă abrevecyrillic ӑ \
acaron ǎ acircumflex â acute ´ acutelowmod ˏ acyrillic а adblgrave ȁ adieresis ä adieresiscyrillic ӓ \
adieresismacron ǟ adotmacron ǡ ae æ aeacute ǽ aemacron ǣ afii00208 ― afii08941 ₤ afii10017 А afii10018 Б \
afii10019 В afii10020 Г afii10021 Д afii10022 Е afii10023 Ё afii10024 Ж afii10025 З afii10026 И afii10027 Й \
afii10028 К afii10029 Л afii10030 М afii10031 Н afii10032 О afii10033 П afii10034 Р afii10035 С afii10036 Т \
afii10037 У afii10038 Ф afii10039 Х afii10040 Ц afii10041 Ч afii10042 Ш afii10043 Щ afii10044 Ъ afii10045 Ы \
afii10046 Ь afii10047 Э afii10048 Ю afii10049 Я afii10050 Ґ afii10051 Ђ afii10052 Ѓ afii10053 Є afii10054 Ѕ \
afii10055 І afii10056 Ї afii10057 Ј afii10058 Љ afii10059 Њ afii10060 Ћ afii10061 Ќ afii10062 Ў afii10065 а \
afii10066 б afii10067 в afii10068 г afii10069 д afii10070 е afii10071 ё afii10072 ж afii10073 з afii10074 и \
afii10075 й afii10076 к afii10077 л afii10078 м afii10079 н afii10080 о afii10081 п afii10082 р afii10083 с \
afii10084 т afii10085 у afii10086 ф afii10087 х afii10088 ц afii10089 ч afii10090 ш afii10091 щ afii10092 ъ \
afii10093 ы afii10094 ь afii10095 э afii10096 ю afii10097 я afii10098 ґ afii10099 ђ afii10100 ѓ afii10101 є \
afii10102 ѕ afii10103 і afii10104 ї afii10105 ј afii10106 љ afii10107 њ afii10108 ћ afii10109 ќ afii10110 ў \
afii10145 Џ afii10146 Ѣ afii10147 Ѳ afii10148 Ѵ afii10193 џ afii10194 ѣ afii10195 ѳ afii10196 ѵ afii10846 ә \
afii57636 ₪ afii57929 ʼ afii61248 ℅ afii61289 ℓ afii61352 № afii61573 202c afii61574 202d afii61575 202e \
afii64937 ʽ agrave à aiecyrillic ӕ ainvertedbreve ȃ aleph ℵ allequal ≌ alpha α alphatonos ά amacron ā \
ampersand & angle ∠ angstrom Å anoteleia · aogonek ą apostrophemod ʼ approaches ≐ approxequal ≈ \
approxequalorimage ≒ approximatelyequal ≅ aring å aringacute ǻ arrowboth ↔ arrowdashdown ⇣ arrowdashleft ⇠ \
arrowdashright ⇢ arrowdashup ⇡ arrowdblboth ⇔ arrowdbldown ⇓ arrowdblleft ⇐ arrowdblright ⇒ arrowdblup ⇑ \
arrowdown ↓ arrowdownleft ↙ arrowdownright ↘ arrowdownwhite ⇩ arrowheaddownmod ˅ arrowheadleftmod ˂ \
arrowheadrightmod ˃ arrowheadupmod ˄ arrowleft ← arrowleftdbl ⇐ arrowleftdblstroke ⇍ arrowleftoverright ⇆ \
arrowleftwhite ⇦ arrowright → arrowrightdblstroke ⇏ arrowrightoverleft ⇄ arrowrightwhite ⇨ arrowtableft ⇤ \
arrowtabright ⇥ arrowup ↑ arrowupdn ↕ arrowupdnbse ↨ arrowupdownbase ↨ arrowupleft ↖ arrowupleftofdown ⇅ \
arrowupright ↗ arrowupwhite ⇧ asciicircum ^ asciitilde ~ asterisk * asteriskmath ∗ asterism ⁂ \
asymptoticallyequal ≃ at @ atilde ã backslash 005c bar | bardbl ‖ because ∵ becyrillic б beta β \
betasymbolgreek ϐ blackcircle ● blacksquare ■ braceleft { braceright } bracketleft [ bracketright ] breve ˘ \
brokenbar ¦ bstroke ƀ btopbar ƃ bullet • bulletoperator ∙ cacute ć capslock ⇪ careof ℅ caron ˇ \
carriagereturn ↵ ccaron č ccedilla ç ccircumflex ĉ cdot ċ cdotaccent ċ cedilla ¸ cent ¢ centigrade ℃ \
cheabkhasiancyrillic ҽ checkmark ✓ checyrillic ч chedescenderabkhasiancyrillic ҿ chedescendercyrillic ҷ \
chedieresiscyrillic ӵ chekhakassiancyrillic ӌ cheverticalstrokecyrillic ҹ chi χ chook ƈ circlecopyrt © \
circlemultiply ⊗ circleot ⊙ circleplus ⊕ circumflex ˆ clickalveolar ǂ clickdental ǀ clicklateral ǁ \
clickretroflex ǃ colon : colonmonetary ₡ colonsign ₡ colontriangularhalfmod ˑ colontriangularmod ː comma , \
commareversedmod ʽ commaturnedmod ʻ congruent ≅ contourintegral ∮ controlDEL 007f copyright © cruzeiro ₢ \
curlyand ⋏ curlyor ⋎ currency ¤ dagger † daggerdbl ‡ dasiapneumatacyrilliccmb 0485 dblarrowleft ⇔ \
dblarrowright ⇒ dblintegral ∬ dbllowline ‗ dblprimemod ʺ dblverticalbar ‖ dcaron ď dcroat đ decyrillic д \
degree ° delta δ deltaturned ƍ dialytikatonos ΅ dieresis ¨ dieresistonos ΅ divide ÷ divides ∣ divisionslash ∕ \
djecyrillic ђ dmacron đ dollar $ dong ₫ dotaccent ˙ dotlessi ı dotlessj ȷ dotmath ⋅ downtackmod ˕ dtopbar ƌ \
dz ǳ dzcaron ǆ dzeabkhasiancyrillic ӡ dzecyrillic ѕ dzhecyrillic џ eacute é ebreve ĕ ecaron ě ecircumflex ê \
ecyrillic є edblgrave ȅ edieresis ë edot ė edotaccent ė efcyrillic ф egrave è eight 8 eightinferior ₈ \
eightroman ⅷ eightsuperior ⁸ einvertedbreve ȇ eiotifiedcyrillic ѥ elcyrillic л element ∈ elevenroman ⅺ ell ℓ \
ellipsis … ellipsisvertical ⋮ emacron ē emcyrillic м emdash — emptyset ∅ encyrillic н endash – \
endescendercyrillic ң eng ŋ enghecyrillic ҥ enhookcyrillic ӈ eogonek ę epsilon ε epsilon1 ϵ epsilontonos έ \
equal = equalsuperior ⁼ equivalence ≡ ercyrillic р ereversedcyrillic э escyrillic с esdescendercyrillic ҫ \
eshreversedloop ƪ estimated ℮ eta η etatonos ή eth ð eturned ǝ euro € exclam ! exclamdbl ‼ exclamdown ¡ \
existential ∃ ezhcaron ǯ ezhreversed ƹ ezhtail ƺ fahrenheit ℉ ff ﬀ ffi ﬃ ffl ﬄ fi ﬁ figuredash ‒ filledbox ■ \
firsttonechinese ˉ fitacyrillic ѳ five 5 fiveeighths ⅝ fiveinferior ₅ fiveroman ⅴ fivesuperior ⁵ fl ﬂ \
florin ƒ forall ∀ four 4 fourinferior ₄ fourroman ⅳ foursuperior ⁴ fourthtonechinese ˋ fraction ⁄ franc ₣ \
gacute ǵ gamma γ gbreve ğ gcaron ǧ gcedilla ģ gcircumflex ĝ gcommaaccent ģ gdot ġ gdotaccent ġ gecyrillic г \
geometricallyequal ≑ germandbls ß ghemiddlehookcyrillic ҕ ghestrokecyrillic ғ gheupturncyrillic ґ \
gjecyrillic ѓ glottalinvertedstroke ƾ glottalstopmod ˀ glottalstopreversedmod ˁ gradient ∇ grave ` \
gravelowmod ˎ greater > greaterequal ≥ greaterequalorless ⋛ greaterorequalslant ≥ greaterorequivalent ≳ \
greaterorless ≷ greateroverequal ≧ gstroke ǥ guillemotleft « guillemotright » guilsinglleft ‹ \
guilsinglright › haabkhasiancyrillic ҩ hadescendercyrillic ҳ hardsigncyrillic ъ harpoonleftbarbup ↼ \
harpoonrightbarbup ⇀ hbar ħ hcircumflex ĥ hhooksuperior ʱ horizontalbar ― hsuperior ʰ hungarumlaut ˝ hv ƕ \
hyphen - hyphentwo ‐ iacute í iacyrillic я ibreve ĭ icaron ǐ icircumflex î icyrillic і idblgrave ȉ \
idieresis ï idieresiscyrillic ӥ iebrevecyrillic ӗ iecyrillic е igrave ì iicyrillic и iinvertedbreve ȋ \
iishortcyrillic й ij ĳ ilde ˜ imacron ī imacroncyrillic ӣ imageorapproximatelyequal ≓ increment ∆ infinity ∞ \
integral ∫ intersection ∩ iocyrillic ё iogonek į iota ι iotadieresis ϊ iotadieresistonos ΐ iotatonos ί \
itilde ĩ iucyrillic ю izhitsacyrillic ѵ izhitsadblgravecyrillic ѷ jcaron ǰ jcircumflex ĵ jecyrillic ј \
jsuperior ʲ kabashkircyrillic ҡ kacyrillic к kadescendercyrillic қ kahookcyrillic ӄ kappa κ \
kastrokecyrillic ҟ kaverticalstrokecyrillic ҝ kcaron ǩ kcedilla ķ kcommaaccent ķ kgreenlandic ĸ khacyrillic х \
khook ƙ kjecyrillic ќ koppacyrillic ҁ ksicyrillic ѯ lacute ĺ lambda λ lambdastroke ƛ lbar ƚ lcaron ľ \
lcedilla ļ lcommaaccent ļ ldot ŀ ldotaccent ŀ less < lessequal ≤ lessequalorgreater ⋚ lessorequalslant ≤ \
lessorequivalent ≲ lessorgreater ≶ lessoverequal ≦ lira ₤ lj ǉ ljecyrillic љ logicaland ∧ logicalnot ¬ \
logicalor ∨ longs ſ lozenge ◊ lslash ł lsquare ℓ macron ¯ macronlowmod ˍ mapsto ↦ middot · minus − \
minuscircle ⊖ minusmod ˗ minusplus ∓ minute ′ mu µ mu1 µ muchgreater ≫ muchless ≪ mugreek μ multiply × \
nabla ∇ nacute ń napostrophe ŉ nbspace 00a0 ncaron ň ncedilla ņ ncommaaccent ņ newsheqelsign ₪ nine 9 \
nineinferior ₉ nineroman ⅸ ninesuperior ⁹ nj ǌ njecyrillic њ nlegrightlong ƞ nonbreakingspace 00a0 \
notcontains ∌ notelement ∉ notelementof ∉ notequal ≠ notgreater ≯ notgreaternorequal ≱ notgreaternorless ≹ \
notidentical ≢ notless ≮ notlessnorequal ≰ notparallel ∦ notprecedes ⊀ notsubset ⊄ notsucceeds ⊁ \
notsuperset ⊅ nsuperior ⁿ ntilde ñ nu ν numbersign # numero № oacute ó obarredcyrillic ө \
obarreddieresiscyrillic ӫ obreve ŏ ocaron ǒ ocircumflex ô ocyrillic о odblacute ő odblgrave ȍ odieresis ö \
odieresiscyrillic ӧ oe œ ogonek ˛ ograve ò ohorn ơ ohungarumlaut ő oi ƣ oinvertedbreve ȏ omacron ō omega ω \
omega1 ϖ omegacyrillic ѡ omegaroundcyrillic ѻ omegatitlocyrillic ѽ omegatonos ώ omicron ο omicrontonos ό \
one 1 onedotenleader ․ oneeighth ⅛ onehalf ½ oneinferior ₁ onequarter ¼ oneroman ⅰ onesuperior ¹ onethird ⅓ \
oogonek ǫ oogonekmacron ǭ openbullet ◦ ordfeminine ª ordmasculine º orthogonal ∟ oslash ø oslashacute ǿ \
ostrokeacute ǿ otcyrillic ѿ otilde õ overline ‾ overscore ¯ owner ∋ pagedown ⇟ pageup ⇞ \
palatalizationcyrilliccmb 0484 palochkacyrillic Ӏ paragraph ¶ parallel ∥ parenleft ( parenleftinferior ₍ \
parenleftsuperior ⁽ parenright ) parenrightinferior ₎ parenrightsuperior ⁾ partialdiff ∂ pecyrillic п \
pemiddlehookcyrillic ҧ percent % period . periodcentered · perpendicular ⊥ perthousand ‰ perthousandzero ‰ \
peseta ₧ phi φ phi1 ϕ phisymbolgreek ϕ phook ƥ pi π pisymbolgreek ϖ plus + pluscircle ⊕ plusminus ± plusmod ˖ \
plussuperior ⁺ precedes ≺ prescription ℞ primemod ʹ primereversed ‵ product ∏ propersubset ⊂ propersuperset ⊃ \
proportion ∷ proportional ∝ psi ψ psicyrillic ѱ psilipneumatacyrilliccmb 0486 question ? questiondown ¿ \
quotedbl 0022 quotedblbase „ quotedblleft “ quotedblright ” quoteleft ‘ quoteleftreversed ‛ quotereversed ‛ \
quoteright ’ quoterightn ŉ quotesinglbase ‚ quotesingle ' racute ŕ radical √ ratio ∶ rcaron ř rcedilla ŗ \
rcommaaccent ŗ rdblgrave ȑ referencemark ※ reflexsubset ⊆ reflexsuperset ⊇ registered ® reversedtilde ∽ rho ρ \
rhookturnedsuperior ʵ rhotichookmod ˞ rightangle ∟ righttriangle ⊿ ring ˚ ringhalfleft ʿ \
ringhalfleftcentered ˓ ringhalfright ʾ ringhalfrightcentered ˒ rinvertedbreve ȓ rturnedsuperior ʴ sacute ś \
scaron š scedilla ş schwacyrillic ә schwadieresiscyrillic ӛ scircumflex ŝ scommaaccent ș second ″ \
secondtonechinese ˊ section § semicolon ; seven 7 seveneighths ⅞ seveninferior ₇ sevenroman ⅶ sevensuperior ⁷ \
sfthyphen 00ad shacyrillic ш shchacyrillic щ sheqel ₪ sheqelhebrew ₪ shhacyrillic һ sigma σ sigma1 ς \
sigmafinal ς similar ∼ six 6 sixinferior ₆ sixroman ⅵ sixsuperior ⁶ slash / slong ſ slurabove ⌢ \
softhyphen 00ad softsigncyrillic ь space 0020 spacehackarabic 0020 star ⋆ sterling £ subset ⊂ \
subsetnotequal ⊊ subsetorequal ⊆ succeeds ≻ suchthat ∋ summation ∑ superset ⊃ supersetnotequal ⊋ \
supersetorequal ⊇ suppress 0020 tackdown ⊤ tackleft ⊣ tau τ tbar ŧ tcaron ť tcedilla ţ tcommaaccent ţ \
tecyrillic т tedescendercyrillic ҭ telephone ℡ tenroman ⅹ tetsecyrillic ҵ thereexists ∃ therefore ∴ theta θ \
theta1 ϑ thetasymbolgreek ϑ thook ƭ thorn þ thousandcyrillic ҂ three 3 threeeighths ⅜ threeinferior ₃ \
threequarters ¾ threeroman ⅲ threesuperior ³ tilde ˜ tildeoperator ∼ timescircle ⊗ titlocyrilliccmb 0483 \
tonefive ƽ tonesix ƅ tonetwo ƨ tonos ΄ tpalatalhook ƫ trademark ™ triangleright ▹ tsecyrillic ц \
tshecyrillic ћ twelveroman ⅻ two 2 twodotenleader ‥ twodotleader ‥ twoinferior ₂ tworoman ⅱ twostroke ƻ \
twosuperior ² twothirds ⅔ uacute ú ubreve ŭ ucaron ǔ ucircumflex û ucyrillic у udblacute ű udblgrave ȕ \
udieresis ü udieresisacute ǘ udieresiscaron ǚ udieresiscyrillic ӱ udieresisgrave ǜ udieresismacron ǖ ugrave ù \
uhorn ư uhungarumlaut ű uhungarumlautcyrillic ӳ uinvertedbreve ȗ ukcyrillic ѹ umacron ū umacroncyrillic ӯ \
underscore _ underscoredbl ‗ uogonek ų upsilon υ upsilondieresis ϋ upsilondieresistonos ΰ upsilontonos ύ \
uptackmod ˔ uring ů ushortcyrillic ў ustraightcyrillic ү ustraightstrokecyrillic ұ utilde ũ vecyrillic в \
verticalbar | verticallinelowmod ˌ verticallinemod ˈ visiblespace 0020 wacute ẃ wcircumflex ŵ wdieresis ẅ \
weierstrass ℘ wgrave ẁ whitesquare □ won ₩ wsuperior ʷ wynn ƿ xi ξ yacute ý yatcyrillic ѣ ycircumflex ŷ \
ydieresis ÿ yen ¥ yericyrillic ы yerudieresiscyrillic ӹ ygrave ỳ yhook ƴ yicyrillic ї yr Ʀ ysuperior ʸ \
yusbigcyrillic ѫ yusbigiotifiedcyrillic ѭ yuslittlecyrillic ѧ yuslittleiotifiedcyrillic ѩ zacute ź zcaron ž \
zdot ż zdotaccent ż zecyrillic з zedescendercyrillic ҙ zedieresiscyrillic ӟ zero 0 zeroinferior ₀ \
zerosuperior ⁰ zeta ζ zhebrevecyrillic ӂ zhecyrillic ж zhedescendercyrillic җ zhedieresiscyrillic ӝ zstroke ƶ \
";

/// The characters of glyphs by their names.
pub(super) struct Glyphs(HashMap<&'static str, char>);

impl Glyphs {
    pub(super) fn new() -> Self {
        let mut words = NAMES.split_ascii_whitespace();
        let mut names = HashMap::new();
        while let (Some(name), Some(character)) = (words.next(), words.next()) {
            let mut characters = character.chars();
            let character = match (characters.next(), characters.next()) {
                (Some(only), None) => Some(only),
                _ => from_hex(character),
            };
            if let Some(character) = character {
                names.insert(name, character);
            }
        }
        Self(names)
    }

    /// What a glyph of this name stands for: by the list, by the rules of its
    /// specification (`uni20AC`, `u1F600`, `f_i`, `a.alt`).
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let base = name.split('.').next().filter(|base| !base.is_empty())?;
        let parts = base.split('_').map(|part| self.part(part));
        parts.collect()
    }

    fn part(&self, name: &str) -> Option<String> {
        if let Some(character) = self.0.get(name) {
            return Some(character.to_string());
        }
        let mut characters = name.chars();
        if let (Some(only), None) = (characters.next(), characters.next()) {
            return only.is_ascii_alphabetic().then(|| only.to_string());
        }
        if let Some(digits) = name.strip_prefix("uni")
            && digits.len() >= 4
            && digits.len() % 4 == 0
            && digits.is_ascii()
        {
            let units = (0..digits.len() / 4).map(|at| from_hex(&digits[at * 4..at * 4 + 4]));
            return units.collect();
        }
        let digits = name.strip_prefix('u')?;
        let is_number = (4..=6).contains(&digits.len());
        is_number
            .then(|| from_hex(digits))
            .flatten()
            .map(String::from)
    }
}

fn from_hex(digits: &str) -> Option<char> {
    let code = u32::from_str_radix(digits, 16).ok()?;
    char::from_u32(code).filter(|character| !character.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_glyphs_are_letters() {
        let glyphs = Glyphs::new();
        for (name, text) in [
            ("A", Some("A")),
            ("one", Some("1")),
            ("eacute", Some("é")),
            ("f_i", Some("fi")),
            ("uni00410042", Some("AB")),
            ("u1F600", Some("😀")),
            ("a.alt", Some("a")),
            ("quotedbl", Some("\"")),
            ("g12", None),
            (".notdef", None),
            ("", None),
        ] {
            assert_eq!(glyphs.text(name).as_deref(), text, "{name}");
        }
    }
}
