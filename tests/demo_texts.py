"""What the invented staff of the demo has written: notes, tasks, instructions. {han} and {ham} are the patient.

A note has its kind, the shifts that write such (d day, e evening, n night) and its text.
"""

NOTES: tuple[tuple[str, str, str], ...] = (
    ("general", "d", "Sovet godt i natt. Stod opp kl. 08 og spiste to skiver brød til frokost. God stemning på stua."),
    ("general", "d", "Dusjet med hjelp av én. Huden er fin. Smurt leggene med fuktighetskrem."),
    (
        "general",
        "e",
        "{Han} var urolig på kvelden og gikk mye fram og tilbake. Roet seg da vi satte oss ned sammen med kaffe.",
    ),
    (
        "general",
        "e",
        "Spiste lite til middag, omtrent en tredel. Drakk to næringsdrikker. Vi veier {ham} på nytt i morgen.",
    ),
    ("general", "de", "Avføring i dag, normal konsistens. Ingen smerter i magen."),
    ("general", "d", "Ikke hatt avføring på tre dager. Har fått ekstra avføringsmiddel. Følges opp av kveldsvakt."),
    ("general", "d", "Vært med på trim og sang i fellesstua. Gikk til og fra med rullator uten støtte."),
    (
        "general",
        "de",
        "Litt kortpustet ved gange til badet, men kommer seg raskt når {han} sitter. Hever hodeenden i natt.",
    ),
    ("general", "e", "Hovne ankler i kveld. Støttestrømper på fra morgenen. Vekt følges annenhver dag."),
    ("general", "n", "Ba om hjelp tre ganger i natt for å komme på toalettet. Ingen svie ved vannlating."),
    ("general", "de", "Trives på rommet sitt og leser avisa. Vil gjerne ha besøk av frivillig på torsdag."),
    (
        "general",
        "d",
        "Hørselsapparatet virker ikke på høyre side. Batteriet er byttet. Bestill time hvis det ikke hjelper.",
    ),
    ("general", "e", "Tatt til seg godt med drikke i dag, om lag 1,4 liter. Urinen er lys."),
    ("general", "d", "Ville ikke stå opp til frokost. Spiste på senga kl. 10.30 og var da i godt humør."),
    ("general", "n", "Sovet rolig ved alle tilsyn i natt."),
    ("general", "n", "Våken mellom kl. 02 og 03. Fikk varm melk og sovnet igjen."),
    ("general", "n", "Lå og var litt urolig fram til midnatt. Snudd og fått ny pute under leggene."),
    ("general", "n", "Skiftet på senga én gang i natt. Huden er hel og fin."),
    ("general", "en", "Ringte på fordi {han} ikke fant brillene. De lå i lomma på morgenkåpen."),
    ("general", "e", "Så på nyhetene på stua sammen med de andre og la seg kl. 22."),
    (
        "supervision",
        "n",
        "Årsak til tilsynet:\nRutinetilsyn kl. 02.\n\nObservasjoner:\nSover rolig på venstre side. Jevn pust.\n\n"
        "Vurdering:\nIngen endring.\n\nTiltak:\nNytt tilsyn kl. 05.",
    ),
    (
        "supervision",
        "n",
        "Årsak til tilsynet:\nTrygghetsalarm kl. 23.40.\n\nObservasjoner:\n{Han} hadde kommet borti alarmen da {han} snudde seg. "
        "Ingen plager.\n\nVurdering:\nIngen hendelse.\n\nTiltak:\nFlyttet alarmen til høyre håndledd.",
    ),
    (
        "fall",
        "nd",
        "Hva skjedde:\nFunnet sittende på gulvet ved senga kl. 06.10. Sier {han} skulle på toalettet og gled.\n\n"
        "Skade:\nIngen synlige. Litt øm i høyre hofte, kan belaste beinet.\n\nBevissthet og smerte:\nVåken og klar, "
        "smerte 2 av 10.\n\nHvem er varslet:\nTilsynslege og pårørende.\n\nTiltak:\nAlarmmatte ved senga.",
    ),
    (
        "pain",
        "de",
        "Hvor og når:\nVerk i venstre kne, mest ved forflytning om morgenen.\n\nStyrke 0–10:\n6 før, 3 etter.\n\n"
        "Hva lindrer:\nVarme og ro.\n\nTiltak og effekt:\nFått smertestillende ved behov. God effekt etter 45 minutter.",
    ),
    (
        "pain",
        "de",
        "Hvor og når:\nKlager over vond rygg etter å ha sittet lenge.\n\nStyrke 0–10:\n4.\n\nHva lindrer:\nLigge på siden.\n\n"
        "Tiltak og effekt:\nHvile etter middag. Trengte ikke smertestillende.",
    ),
    (
        "wound",
        "de",
        "Plassering:\nHøyre legg, utside.\n\nStørrelse:\n3 × 2 cm, overfladisk.\n\nUtseende og sekresjon:\nRent, lys rosa, "
        "litt klar væske. Ingen lukt.\n\nStell:\nRenset med vann, ny skumbandasje.\n\nNeste skift:\nOm tre dager.",
    ),
    (
        "wound",
        "de",
        "Plassering:\nVenstre hæl.\n\nStørrelse:\n1,5 × 1 cm rødme som ikke blekner.\n\nUtseende og sekresjon:\nHel hud.\n\n"
        "Stell:\nHælen avlastes med pute.\n\nNeste skift:\nSe på huden morgen og kveld.",
    ),
    (
        "next_of_kin",
        "de",
        "Hvem vi snakket med:\nNærmeste pårørende på telefon.\n\nHva de fortalte:\nSynes {han} virker tryggere enn før.\n\n"
        "Hva vi svarte:\nFortalte om uka som har vært, og om endringen i medisinene.\n\nAvtale:\nKommer på besøk søndag kl. 14.",
    ),
    (
        "next_of_kin",
        "de",
        "Hvem vi snakket med:\nNærmeste pårørende på besøk.\n\nHva de fortalte:\nØnsker å være med på neste legevisitt.\n\n"
        "Hva vi svarte:\nLegevisitt er tirsdag formiddag.\n\nAvtale:\nVi ringer mandag om klokkeslettet.",
    ),
    (
        "doctor_call",
        "d",
        "Hvem vi snakket med:\nTilsynslegen.\n\nSituasjon:\nLavt blodtrykk stående, svimmel om morgenen.\n\nVurdering:\n"
        "Bør drikke mer, ingen tegn til infeksjon.\n\nLest tilbake:\nJa.\n\nHva legen bestemte:\nBlodtrykk liggende og stående.",
    ),
    (
        "doctor_call",
        "en",
        "Hvem vi snakket med:\nLegevakt.\n\nSituasjon:\nTemperatur 38,4 og hoste siden i går.\n\nVurdering:\nMulig nedre "
        "luftveisinfeksjon.\n\nLest tilbake:\nJa.\n\nHva legen bestemte:\nNy måling om fire timer. Tilsynslege ser {ham} i morgen.",
    ),
)

HOME_CARE_NOTES: tuple[tuple[str, str, str], ...] = (
    ("general", "d", "Åpnet selv døra. Hadde spist frokost. Tok medisinene mens vi var til stede."),
    ("general", "d", "Hjelp til dusj og påkledning. Ny vask av sengetøy på mandag."),
    ("general", "d", "Medisindispenseren er fylt for uka. Kontrollert av to."),
    ("general", "d", "{Han} hadde glemt kveldsmedisinen i går. Avtalt at vi ringer kl. 20 de neste dagene."),
    ("general", "e", "Støttestrømper av. Leggen er fin, ingen nye sår."),
    ("general", "d", "Ute på trappa og ventet på drosje til dagsenteret. I godt humør."),
    ("general", "de", "Lite mat i kjøleskapet. Snakket med pårørende, som handler i ettermiddag."),
    ("next_of_kin", "de", "Hvem vi snakket med:\nNærmeste pårørende.\n\nHva de fortalte:\nSynes {han} blir mer glemsom.\n\n"
     "Hva vi svarte:\nVi tar det opp med fastlegen.\n\nAvtale:\nVi ringer fredag."),
)  # fmt: skip

TASKS = (
    "Bestill time hos tannlege. Klager over vond tann i underkjeven.",
    "Ta blodprøver mandag morgen: Hb, CRP, kreatinin, kalium.",
    "Mål blodtrykk liggende og stående i tre dager.",
    "Ring pårørende om vinterklær.",
    "Se på såret på leggen når bandasjen skiftes.",
    "Be tilsynslegen vurdere sovemedisinen på neste visitt.",
    "Vei {ham} fredag før frokost.",
    "Ny urinprøve hvis det fortsatt svir.",
)

# What happened, and what was done.
INCIDENT_OF_A_FALL = (
    "{Han} falt. Se notatet fra samme tid for hva som skjedde.",
    "Undersøkt med en gang. Fallrisikoen vurderes på nytt, og fysioterapeut er varslet.",
)

CHANGE_REASONS = (
    "Lavt blodtrykk. Dosen er halvert.",
    "Dosen er halvert etter blodprøvesvar.",
    "Dosen er halvert etter legevisitt.",
)
STOP_REASONS = (
    "Ikke lenger nødvendig etter legevisitt.",
    "Svimmelhet og falltendens.",
    "Kvalme. Ikke effekt.",
    "Byttet til annet legemiddel.",
)
HOLD_REASON = "Pause til ny blodprøve er vurdert av lege."

INSTRUCTIONS = {
    "M05BA": "Gis fastende med et stort glass vann, minst 30 minutter før mat. Skal sitte oppreist etterpå.",
    "H03AA": "Gis fastende, minst 30 minutter før frokost.",
    "N04BA": "Gis til riktig tid, helst 30 minutter før mat.",
    "N02AB03": "Ta av det gamle plasteret først. Bytt sted på kroppen.",
    "N02AE01": "Ta av det gamle plasteret først. Bytt sted på kroppen.",
    "N06DA03": "Ta av det gamle plasteret først. Bytt sted på kroppen.",
    "R03AK": "Skyll munnen etterpå.",
    "R03AL08": "Skyll munnen etterpå.",
    "L04AX03": "Bruk hansker. Gis én gang i uka.",
    "A06AD65": "Løses i et halvt glass vann.",
    "B01AA03": "Dosen følger INR. Se siste prøvesvar.",
}

AFTERWARDS = ("", "", "", "Vi prøver igjen ved neste måltid.", "Sykepleier er orientert.")

NURSING_HOMES = (
    "Solbakken sykehjem", "Lyngheim bo- og omsorgssenter", "Furutoppen sykehjem", "Rognebærtunet", "Havgløtt sykehjem",
    "Bjørkelunden helsehus", "Blåklokka sykehjem", "Steinrøysa bo- og omsorgssenter", "Kastanjehagen sykehjem",
    "Tiurleiken sykehjem", "Vårsol omsorgssenter", "Granittbakken sykehjem",
)  # fmt: skip
DISTRICTS = ("Sone nord", "Sone sør", "Sone øst", "Sone vest", "Sone sentrum", "Sone strand", "Sone ås", "Sone dal")
PLACES = ("Sykehuset", "Sykehuset, medisinsk avdeling", "Sykehuset, ortopedisk avdeling")
