"""Words that stand around a drug's name and say nothing about which drug it is, in the languages of the sites.

What belongs here: forms, salts, release suffixes, frequencies, routes, purposes and makers, as pieces of regular expressions over
folded text (small letters, no accents): English, German, French, Spanish, Portuguese, Italian, Dutch, Swedish, Danish, Norwegian.
What does not: taking them away (clean.py). A word that can change the drug (comp, plus, HCT, D, PM, forte) is none of these.
"""

from __future__ import annotations

UNIT = r"(?:mg|milligrams?|mcg|micrograms?|ug|\u00b5g|\u03bcg|g|grams?|gr|kg|ml|cc|l|%|percent|iu|i\.u\.|ie|ui|units?|u|meq|mmol|mm)"
PER = (
    r"(?:\s*(?:/|per)\s*(?:\d+(?:[.,]\d+)?\s*)?(?:ml|l|hour|hr|h|day|d|dose|puff|actuation|spray|tab|tablet|cap|capsule|kg|g|week|wk"
    r"|tag|jour|j|dia|giorno|dag|24\s*h)(?![a-z]))"
)

FORM = (
    r"(?:(?:film[ -]?coated|chewable|(?:oro)?dispersible|orally disintegrating|effervescent)\s+)?"
    r"(?:tab(?:let)?s?|tabl|tbl|filmtabl?|filmtbl|caps?|capsules?|caplets?|gelcaps?|softgels?|pills?|patch(?:es)?|drops?|gtt|"
    r"sol(?:utio)?n|"
    r"syrup|susp(?:ension)?|elixir|cream|creme|creams|ointment|oint|gel|lotion|spray|inhaler|inhalation|inh|hfa|nebs?|puffs?|"
    r"injections?|inj|"
    r"suppository|suppositories|lozenges?|powder|sachets?|ampoules?|amps?|vials?|liquid|wafers?|soltabs?|chewables?|gumm(?:y|"
    r"ies)|orodispersible|"
    r"film|strips?|oral(?:ly)?|topical(?:ly)?|"
    r"(?:film|retard|brause|schmelz|depot|kau|hart)?(?:tabletten?|kapseln?|tabletter|kapslar|kapsler)|kps|tropfen|dragees?|saft|"
    r"zapfchen|pflaster|salbe|"
    r"comprim(?:es?|idos?)(?:\s+(?:pellicules?|secables?|recubiertos?|revestidos?|orodispersibles?|bucodispersables?))?|"
    r"gelules?|gouttes?|sirop|"
    r"cp|cpr|compress[ea]|capsul[ea]s?|gocce|gotas|jarabe|druppels?|droppar|draber|pomada|parches?)"
)

_DAY = r"(?:day|daily|week|weekly|night|tag|tgl|taglich|jour|dia|giorno|dag|dagligen|daglig|dygn|noche|notte|nacht|soir|matin)"
FREQUENCY = (
    rf"(?:once|twice|one time|two times|three times|thrice|\d+\s*(?:x|times|mal|fois|ve(?:z|ces)|volt[ae]|keer|ganger|gange))\s*"
    rf"(?:a|per|/|each|am|pro|par|al|por|om|i|im)?\s*{_DAY}"
    r"|\d+\s*(?:dd|td|tgl)\s*\d*"
    r"|(?:every|each)\s+(?:day|night|morning|evening|other day|\d+\s*(?:h|hours?|hrs?))"
    r"|q\.?\s*(?:d|od|hs|am|pm|ds|day|week|wk|\d+\s*h(?:ours?|rs?)?)"
    r"|b\.?i\.?d|t\.?i\.?d|q\.?i\.?d|q\.?h\.?s|q\.?d|q\.?o\.?d|o\.?d|b\.?d|t\.?d\.?s|q\.?a\.?m|q\.?p\.?m|h\.?s|p\.?r\.?n|stat"
    r"|as needed|as required|as directed|if needed|when needed|nocte|mane|daily|weekly|monthly|nightly|at night|at bedtime|"
    r"before bed|at hs|"
    r"in the (?:morning|evening|am|pm)|per (?:day|night)|once|twice"
    r"|taglich|tgl|bei bedarf|b\.? ?b\.?|bedarfsweise|morgens|mittags|abends|nachts|zur nacht|am (?:morgen|abend)|pro tag"
    r"|par jour|/\s*(?:jour|j|tag|dag|dia)|le (?:matin|soir)|au coucher|si besoin|chaque (?:jour|soir|matin)"
    r"|(?:una|dos|tres) ve(?:z|ces) al dia|al dia|cada (?:dia|noche|\d+\s*h(?:oras)?)|por dia|diari[oa]|si precisa|a demanda|"
    r"(?:uma|duas) vezes ao dia"
    r"|ao dia|(?:una|due) volt[ae] al (?:di|giorno)|al (?:di|giorno|bisogno)|ogni giorno|la sera"
    r"|dagelijks|per dag|indien nodig|zo nodig|'?s (?:ochtends|avonds|nachts)|voor de nacht"
    r"|dagligen|daglig|vid behov|ved behov|til natten|till natten|pa kvallen|pa morgonen|om dagen"
    r"|\d\s*-\s*\d\s*-\s*\d(?:\s*-\s*\d)?"
)
ROUTE = (
    r"p\.?o|i\.?v|i\.?m|s\.?c|s\.?l|p\.?r|by mouth|per os|orale?|sublingual(?:ly)?|subcutaneous|intramuscular|intravenous|"
    r"transdermal|topical|"
    r"vaginal|nasal|ophthalmic|via oral|voie orale|per os"
)
_ILL = (
    r"(?:social )?anxiety|gad|sad|ocd|ptsd|panic(?: (?:attacks?|disorder))?|depression|mood|sleep|insomnia|pain|back pain|"
    r"headaches?|migraines?|"
    r"allerg(?:y|ies)|nausea|hypertension|high blood pressure|blood pressure|cholesterol|reflux|asthma|hypothyroidism|acne|contraception|"
    r"angst|angststorung|schlaf|schlafstorung(?:en)?|schmerzen|kopfschmerzen|"
    r"insomnie|douleurs?|anxiete|ansiedad|insomnio|dolor|ansia|dolore|slaap|pijn|somn|smarta|angest"
)
PURPOSE = rf"(?:for|gegen|bei|wegen|zum|pour|para|per|voor|bij|tegen|mot|for)\s+(?:{_ILL})"

RELEASE = (
    r"xr|er|sr|cr|xl|la|cd|pr|mr|ir|dr|ec|lp|retard|retardiert|depot|odt|ret|"
    r"(?:extended|sustained|controlled|modified|immediate|delayed|prolonged|slow)(?: |-)?release|liberacion (?:prolongada|retardada)|"
    r"rilascio prolungato|long acting|enteric coated|e c|extra strength|regular strength|generic|generika|generique|generico"
)
SALT = (
    r"hydrochlorid[e]?|hcl|hydrobromide?|hbr|maleate?|mesylate|mesilate?|oxalate?|besylate|besilate?|bitartrate|tartrate?|"
    r"succinate?|hydrogen|hydrogenoxalate?|(?:hemi)?fumarate?|phosphate|sulfate?|sulphate|acetate|citrate|valerate|dipropionate|"
    r"propionate|furoate|"
    r"cypionate|enanthate|decanoate?|palmitate?|pamoate|embonate|esylate|medoxomil|cilexetil|axetil|bromide|xinafoate|gluconate|"
    r"lactate|malate|"
    r"dimesylate|erbumine|tosylate|trihydrate?|monohydrate?|dihydrate|hemihydrate|anhydrous|micronized|clorhidrato|chlorhydrate|"
    r"cloridrato"
)
METAL = r"sodium|potassium|calcium|magnesium"
SALT_HEAD = r"(?:chlorhydrate|clorhidrato|cloridrato|bromhydrate|bromhidrato|fumarate|fumarato|oxalate|oxalato|maleato)\s+d[ei]\s+"

#: Makers of generics, written after the ingredient's name (Sertralin-ratiopharm, Citalopram AL).
MAKER = (
    r"1 ?a(?: pharma)?|aaa pharma|abz|accord|actavis|al|aliud|almus|apotex|apo|aristo|arrow|aurobindo|basics|beta|betapharm|"
    r"biogaran|bluefish|"
    r"cinfa|ct|dexcel|dr reddys|dura|eg|eberth|ethypharm|fair med|glenmark|hennig|heumann|hexal|holsten|hormosan|kern|krka|"
    r"lupin|micro labs|"
    r"mylan|neuraxpharm|normon|orion|orifarm|pensa|pfizer|puren|qualigen|ranbaxy|ratio|ratiopharm|sandoz|stada|sun pharma|tad|"
    r"teva|torrent|"
    r"viatris|winthrop|zentiva|zydus|pharma"
)

#: Words that say a name is not what the participant takes now, or that another takes it: whoever wrote them must be asked.
DOUBT = (
    r"paused|on hold|held|ended|completed|finished|prior|before (?:the )?(?:study|trial)|(?:last|previous) (?:year|month)|years? ago|"
    r"washout|wash out|(?:mother|father|husband|wife|partner|sister|brother|daughter)(?:'?s)?|family|relative|allergic|intolerant|"
    r"beendet|vor (?:der )?studie|mutter|vater|ehemann|ehefrau|termine|mere|pere|mari|terminado|madre|padre|moeder|vader|avslutad|"
    r"afsluttet|moder|"
    r"stopped|stop|discontinued|dc|d c|dcd|ceased|tapered|tapering|never|refused|not|no|denie[sd]|declined|planned|intended|"
    r"previous(?:ly)?|past|"
    r"former(?:ly)?|history|hx|until|till|switched|changed|replaced|instead|without|w o|"
    r"abgesetzt|pausiert|nie|nicht|keine?|ohne|fruher|bisher|ehemals|bis|statt|geplant|"
    r"arrete|stoppe|jamais|pas|sans|ancien|avant|jusqu|remplace|"
    r"suspendido|suspenso|sin|nunca|antes|hasta|previo|interrotto|sospeso|mai|senza|fino|"
    r"gestopt|gestaakt|niet|geen|nooit|zonder|vroeger|tot|utsatt|seponerat|seponeret|slutat|inte|ej|ingen|utan|tidigare|ikke|aldrig"
)
