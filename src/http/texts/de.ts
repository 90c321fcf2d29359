import type { en } from './en.ts';

/** German, with “Sie”. */
export const de = {
  'layout.skip': 'Zum Inhalt springen',
  'layout.navigation': 'Hauptmenü',
  'layout.roles': 'Rollen',
  'layout.sessions': 'Sitzungen',
  'layout.factors': 'Zweite Faktoren',
  'layout.sign-out': 'Abmelden',
  'layout.signed-in': 'Angemeldet als {name} mit {provider}',
  'layout.problem': 'Problem',

  'action.continue': 'Weiter',
  'action.copy': 'Kopieren',
  'action.copied': 'Kopiert',
  'action.copy-what': '{what} kopieren',
  'action.back-to-roles': 'Zurück zu den Rollen',

  'sign-in.title': 'Bei {brand} anmelden',
  'sign-in.email': 'Dienstliche E-Mail-Adresse',
  'sign-in.or': 'oder wählen Sie, wo Sie ein Konto haben',
  'sign-in.with': 'Weiter mit {provider}',
  'sign-in.last-used': 'Zuletzt benutzt',
  'sign-in.no-providers':
    'Hier kann sich noch niemand anmelden: Es ist kein Identitätsanbieter eingerichtet. Ihre Administratoren können das tun.',
  'sign-in.problem.malformed-email':
    'Das ist keine E-Mail-Adresse. Schreiben Sie sie wie name@example.com, oder wählen Sie unten einen Anbieter.',
  'sign-in.problem.unknown-domain':
    'Für diese E-Mail-Domain ist kein Anbieter eingerichtet. Prüfen Sie die Adresse, oder wählen Sie unten einen Anbieter.',
  'sign-in.reason.session-ended': 'Ihre Sitzung ist zu Ende. Melden Sie sich neu an, um weiterzumachen.',
  'sign-in.reason.provider-removed':
    'Der Anbieter, mit dem Sie angemeldet waren, wird hier nicht mehr benutzt; deshalb ist Ihre Sitzung zu Ende. Wählen Sie einen anderen.',
  'sign-in.reason.signed-out': 'Sie sind abgemeldet.',
  'sign-in.reason.sign-in-again':
    'Ihre Anmeldung ist zu lange her, um jetzt zweite Faktoren zu ändern. Melden Sie sich noch einmal an; danach geht es hier weiter.',

  'post-message.sign-in.title': 'Sie werden zu Ihrer Anmeldeseite gebracht',
  'post-message.sign-out.title': 'Sie werden bei Ihrem Anbieter abgemeldet',
  'post-message.text': 'Das dauert einen Augenblick. Geschieht nichts, drücken Sie den Knopf.',

  'mfa.reason.role': 'Die Rolle {roleName} verlangt einen zweiten Faktor.',
  'mfa.reason.application': 'Die Anwendung möchte sicherer sein, dass Sie es sind.',
  'mfa.reason.always': 'Hier wird von allen ein zweiter Faktor verlangt.',
  'mfa.reason.manage':
    'Um zu ändern, wie Sie sich ausweisen, weisen Sie sich bitte noch einmal mit einem zweiten Faktor aus.',
  'mfa.problem.wrong.one':
    'Dieser Code stimmt nicht. Sie haben noch {count} Versuch, bevor eine Pause kommt.',
  'mfa.problem.wrong.other':
    'Dieser Code stimmt nicht. Sie haben noch {count} Versuche, bevor eine Pause kommt.',
  'mfa.problem.used.one':
    'Dieser Code wurde schon benutzt. Warten Sie auf den nächsten. Sie haben noch {count} Versuch, bevor eine Pause kommt.',
  'mfa.problem.used.other':
    'Dieser Code wurde schon benutzt. Warten Sie auf den nächsten. Sie haben noch {count} Versuche, bevor eine Pause kommt.',
  'mfa.problem.passkey-refused':
    'Dieser Passkey wurde nicht angenommen. Versuchen Sie es noch einmal, oder weisen Sie sich anders aus.',
  'mfa.problem.expired':
    'Das hat zu lange gedauert oder ging in einem anderen Tab weiter. Hier ist ein neuer Anfang: Bitte versuchen Sie es noch einmal.',
  'mfa.problem.name': 'Ein Name hat 1 bis 64 Zeichen. Bitte wählen Sie einen anderen.',
  'mfa.code': 'Code aus Ihrer App',
  'mfa.recovery-code': 'Wiederherstellungscode',
  'mfa.passkey.get': 'Passkey benutzen',
  'mfa.passkey.create': 'Passkey erstellen',
  'mfa.passkey.no-script':
    'Passkeys brauchen JavaScript, das in diesem Browser ausgeschaltet ist. Schalten Sie es ein, oder wählen Sie einen anderen Weg.',
  'mfa.passkey.problem.unsupported':
    'Dieser Browser kann keine Passkeys benutzen. Nehmen Sie einen anderen Browser oder einen anderen Weg.',
  'mfa.passkey.problem.cancelled':
    'Das wurde abgebrochen oder hat zu lange gedauert. Sie können es noch einmal versuchen.',
  'mfa.passkey.problem.known':
    'Dieses Gerät oder dieser Schlüssel ist schon eingerichtet. Benutzen Sie es, oder wählen Sie ein anderes.',
  'mfa.passkey.problem.failed':
    'Ihr Browser konnte den Passkey nicht benutzen. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.',

  'mfa-verify.passkey.title': 'Mit Ihrem Passkey bestätigen',
  'mfa-verify.totp.title': 'Code aus Ihrer App eingeben',
  'mfa-verify.recovery-code.title': 'Wiederherstellungscode eingeben',
  'mfa-verify.passkey.text':
    'Ihr Browser fragt nach Fingerabdruck, Gesicht, PIN oder Sicherheitsschlüssel. Nichts davon verlässt Ihr Gerät.',
  'mfa-verify.totp.hint': 'Sechs Ziffern; alle 30 Sekunden kommt ein neuer Code.',
  'mfa-verify.recovery-code.hint': 'Einer der zehn, die Sie gesichert haben. Jeder gilt einmal.',
  'mfa-verify.submit': 'Bestätigen',
  'mfa-verify.others': 'Ein anderer Weg',
  'mfa-verify.use.passkey': 'Passkey oder Sicherheitsschlüssel benutzen',
  'mfa-verify.use.totp': 'Code aus der App benutzen',
  'mfa-verify.use.recovery-code': 'Wiederherstellungscode benutzen',

  'mfa-add.title.first': 'Zweiten Faktor einrichten',
  'mfa-add.title.more': 'Zweiten Faktor hinzufügen',
  'mfa-add.first':
    'Er hält andere fern, auch wenn sie Ihr Passwort haben. Das Einrichten dauert eine Minute.',
  'mfa-add.passkey.title': 'Passkey oder Sicherheitsschlüssel',
  'mfa-add.passkey.text':
    'Ihr Fingerabdruck, Gesicht, eine PIN oder ein Schlüssel am Bund. Der sicherste Weg: Er gilt nur auf dieser Seite, niemand kann ihn Ihnen ablocken.',
  'mfa-add.passkey.choose': 'Passkey einrichten',
  'mfa-add.passkey.impossible':
    'Hier nicht möglich: Passkeys brauchen einen Hostnamen, und diese Seite wurde über eine IP-Adresse geöffnet. Ihre Administratoren können das ändern.',
  'mfa-add.recommended': 'Empfohlen',
  'mfa-add.totp.title': 'Authenticator-App',
  'mfa-add.totp.text':
    'Eine App auf Ihrem Telefon zeigt alle 30 Sekunden einen neuen Code. Sie braucht kein Netz.',
  'mfa-add.totp.choose': 'App einrichten',

  'mfa-add-totp.title': 'Authenticator-App einrichten',
  'mfa-add-totp.scan': 'Scannen Sie diesen Code mit Ihrer App',
  'mfa-add-totp.qr': 'QR-Code für Ihre Authenticator-App',
  'mfa-add-totp.by-hand':
    'Können Sie ihn nicht scannen? Tippen Sie diesen Schlüssel in die App, oder öffnen Sie die App auf diesem Gerät:',
  'mfa-add-totp.key': 'Schlüssel',
  'mfa-add-totp.open': 'In einer App öffnen',
  'mfa-add-totp.prove': 'Geben Sie den Code ein, den die App zeigt',
  'mfa-add-totp.hint': 'Sechs Ziffern. Wird er abgelehnt, prüfen Sie die Uhr Ihres Telefons.',
  'mfa-add-totp.submit': 'Einschalten',

  'factor.name': 'Name',
  'factor.name.hint': 'Damit Sie ihn unter anderen erkennen.',
  'factor.name.totp': 'Authenticator-App',
  'factor.name.passkey': 'Passkey',

  'mfa-add-passkey.title': 'Passkey einrichten',
  'mfa-add-passkey.text':
    'Ihr Browser fragt, wo er liegen soll: auf diesem Gerät, auf Ihrem Telefon oder auf einem Sicherheitsschlüssel. Fingerabdruck, Gesicht und PIN verlassen das Gerät nie.',
  'mfa-add-passkey.other': 'Stattdessen eine Authenticator-App benutzen',

  'recovery-codes.title': 'Wiederherstellungscodes sichern',
  'recovery-codes.text':
    'Mit ihnen kommen Sie hinein, wenn Telefon oder Schlüssel verloren sind. Jeder gilt einmal. Sie werden nur jetzt gezeigt; ältere gelten nicht mehr.',
  'recovery-codes.where':
    'Ein Passwortmanager oder ein Ausdruck an einem sicheren Ort ist gut, Ihr Postfach nicht.',
  'recovery-codes.list': 'Wiederherstellungscodes',
  'recovery-codes.copy': 'Alle kopieren',
  'recovery-codes.download': 'Herunterladen',
  'recovery-codes.file': 'Wiederherstellungscodes für {brand}. Jeder gilt einmal.',
  'recovery-codes.print': 'Drucken',
  'recovery-codes.saved': 'Ich habe diese Codes gesichert',

  'factors.title': 'Zweite Faktoren',
  'factors.text': 'Womit Sie nach der Anmeldung beweisen, dass Sie es sind.',
  'factors.done.renamed': 'Der neue Name ist gespeichert.',
  'factors.done.removed': 'Er ist entfernt und kann nicht mehr benutzt werden.',
  'factors.done.added': 'Er ist hinzugefügt. Sie können ihn von jetzt an benutzen.',
  'factors.none': 'Sie haben noch keinen. Manche Rollen lassen sich nur mit einem benutzen.',
  'factors.kind.totp': 'Authenticator-App',
  'factors.kind.passkey': 'Passkey oder Sicherheitsschlüssel',
  'factors.added': 'Hinzugefügt',
  'factors.used': 'Zuletzt benutzt',
  'factors.never-used': 'Noch nicht benutzt',
  'factors.rename': 'Umbenennen',
  'factors.rename-what': '{name} umbenennen',
  'factors.rename.save': 'Namen speichern',
  'factors.remove': 'Entfernen',
  'factors.remove-what': '{name} entfernen',
  'factors.remove.sure': 'Sie können sich danach nicht mehr damit ausweisen.',
  'factors.remove.submit': 'Ja, entfernen',
  'factors.last': 'Der letzte lässt sich nicht entfernen. Fügen Sie erst einen anderen hinzu.',
  'factors.add': 'Zweiten Faktor hinzufügen',
  'factors.codes.title': 'Wiederherstellungscodes',
  'factors.codes.left.one': '{count} Code ist übrig.',
  'factors.codes.left.other': '{count} Codes sind übrig.',
  'factors.codes.new': 'Neue Codes machen',
  'factors.codes.sure': 'Sie bekommen zehn neue Codes. Die alten gelten sofort nicht mehr.',
  'factors.codes.submit': 'Zehn neue Codes machen',

  'roles.title': 'Rollen',
  'roles.search': 'Rollen und Konten suchen',
  'roles.search.submit': 'Suchen',
  'roles.search.clear': 'Alle Rollen zeigen',
  'roles.found.one': '{count} Rolle zu „{query}“ gefunden.',
  'roles.found.other': '{count} Rollen zu „{query}“ gefunden.',
  'roles.favourites': 'Favoriten',
  'roles.recents': 'Zuletzt benutzt',
  'roles.needs-mfa': 'Verlangt einen zweiten Faktor',
  'roles.up-to': 'bis zu {duration}',
  'roles.star': '{name} zu den Favoriten nehmen',
  'roles.unstar': '{name} aus den Favoriten nehmen',
  'roles.none.title': 'Ihnen steht keine Rolle offen',
  'roles.none.text':
    'Sie sind angemeldet, aber keine Rolle lässt Sie zu. Fragen Sie Ihre Administratoren, und sagen Sie, welches Konto und welche Rolle Sie brauchen und als wer Sie angemeldet sind: {name}, mit {provider}.',
  'roles.none.other':
    'Haben Sie ein anderes Konto? Melden Sie sich ab und mit jenem an. Rollen, die eben erst für Sie geöffnet wurden, brauchen vielleicht eine neue Anmeldung.',
  'roles.not-found.title': 'Nichts gefunden',
  'roles.not-found.text':
    'Keine Ihrer Rollen passt zu „{query}“. Versuchen Sie einen Teil des Namens oder eine Kontonummer.',
  'roles.notice.group-overage':
    'Sie sind in so vielen Gruppen, dass Ihr Anbieter sie nicht mitgeschickt hat. Rollen, die Gruppen offenstehen, fehlen hier. Ihre Administratoren können ihn weniger schicken lassen.',

  'role.account': 'Konto',
  'role.arn': 'ARN der Rolle',
  'role.max': 'Höchstens',
  'role.duration': 'Zugangsdaten für',
  'role.needs-mfa': 'Sie werden zuerst nach Ihrem zweiten Faktor gefragt.',
  'role.submit': 'Zugangsdaten holen',

  'credentials.title': 'Zugangsdaten für {name}',
  'credentials.expires': 'Sie gelten bis',
  'credentials.left': 'noch {time}',
  'credentials.ended': 'Diese Zugangsdaten sind abgelaufen. Erneuern Sie sie, um weiterzumachen.',
  'credentials.ends-soon': 'Diese Zugangsdaten laufen in weniger als fünf Minuten ab.',
  'credentials.renew': 'Erneuern',
  'credentials.warning':
    'Wer diese Zeilen hat, kann bis zum Ablauf als Sie handeln. Geben Sie sie nie weiter, auch nicht in Chats und Tickets.',
  'credentials.reveal': 'Geheime Werte zeigen',
  'credentials.format': 'Format',
  'credentials.revoke': 'Verloren oder verraten? Beenden Sie sie sofort auf der Seite {sessions}.',
  'block.bash.name': 'macOS, Linux',
  'block.bash.use': 'In bash oder zsh einfügen. Gilt für dieses Fenster.',
  'block.powershell.name': 'PowerShell',
  'block.powershell.use': 'In PowerShell einfügen. Gilt für dieses Fenster.',
  'block.cmd.name': 'cmd',
  'block.cmd.use': 'In eine Windows-Eingabeaufforderung einfügen. Gilt für dieses Fenster.',
  'block.dotenv.name': '.env',
  'block.dotenv.use': 'Als .env dort speichern, wo Ihr Werkzeug sie liest. Nie einchecken.',
  'block.file.name': 'Credentials-Datei',
  'block.file.use':
    'In ~/.aws/config einfügen, nicht in ~/.aws/credentials: Nur dort werden Endpunkte gelesen.',
  'block.values.name': 'Einzelne Werte',
  'block.values.use': 'Für Formulare, die jeden Wert einzeln wollen.',
  'block.process.name': 'credential_process',
  'block.process.use':
    'In bash oder zsh einfügen: Das speichert die Zugangsdaten und legt ein Profil an, das sie liest. Nach Ablauf wiederholen.',
  'value.access-key-id': 'Access Key ID',
  'value.secret-access-key': 'Secret Access Key',
  'value.session-token': 'Session Token',
  'value.expiration': 'Gilt bis',
  'value.region': 'Region',
  'value.endpoint': 'STS-Endpunkt',

  'sessions.title': 'Sitzungen',
  'sessions.ended.one': '{count} Sitzung wurde beendet.',
  'sessions.ended.other': '{count} Sitzungen wurden beendet.',
  'sessions.ended.none': 'Es war nichts mehr zu beenden.',
  'sessions.browsers': 'Browser',
  'sessions.this-device': 'Dieses Gerät',
  'sessions.from': 'von {address}',
  'sessions.signed-in': 'Angemeldet',
  'sessions.last-seen': 'Zuletzt gesehen',
  'sessions.method.passkey': 'Mit Passkey bestätigt',
  'sessions.method.totp': 'Mit App bestätigt',
  'sessions.method.recovery-code': 'Mit Wiederherstellungscode bestätigt',
  'sessions.method.provider': 'Beim Anbieter bestätigt',
  'sessions.end': 'Beenden',
  'sessions.end-browser': 'Sitzung von {device} beenden',
  'sessions.end-role': 'Zugangsdaten {accessKeyId} für {role} beenden',
  'sessions.others': 'Alle anderen Browser beenden',
  'sessions.roles': 'Zugangsdaten für Rollen',
  'sessions.roles.none': 'Von Ihnen gelten gerade keine Zugangsdaten.',
  'sessions.issued': 'Ausgestellt',
  'sessions.expires': 'Gelten bis',
  'sessions.origin.this-browser': 'Aus diesem Browser',
  'sessions.origin.other-browser': 'Aus einem anderen Browser',
  'sessions.origin.elsewhere': 'Von einer Kommandozeile oder einem Werkzeug',
  'sessions.all.title': 'Alles auf einmal',
  'sessions.all.text':
    'Wenn etwas nicht stimmt: Das beendet alle Browsersitzungen, auch diese, und alle Zugangsdaten für Rollen.',
  'sessions.all.open': 'Alles beenden …',
  'sessions.all.submit': 'Alles beenden und abmelden',

  'sign-out.title': 'Abmelden?',
  'sign-out.text': 'Das beendet Ihre Sitzung in diesem Browser.',
  'sign-out.revoke.one': 'Auch meine Zugangsdaten für Rollen beenden ({count} Sitzung)',
  'sign-out.revoke.other': 'Auch meine Zugangsdaten für Rollen beenden ({count} Sitzungen)',
  'sign-out.revoke.hint': 'Sonst gelten sie in Ihren Shells und Werkzeugen, bis sie ablaufen.',
  'sign-out.submit': 'Abmelden',
  'sign-out.stay': 'Angemeldet bleiben',

  'signed-out.title': 'Sie sind abgemeldet',
  'signed-out.here': 'Ihre Sitzung bei {brand} in diesem Browser ist zu Ende.',
  'signed-out.provider.ended': 'Auch bei {provider} sind Sie abgemeldet.',
  'signed-out.provider.open':
    'Bei {provider} sind Sie noch angemeldet. Wer diesen Browser benutzt, kommt ohne Passwort wieder hinein.',
  'signed-out.provider.unknown':
    '{provider} hat nicht gesagt, ob Ihre Sitzung dort zu Ende ist. Um sicherzugehen, schließen Sie den Browser.',
  'signed-out.provider.link': 'Auch bei {provider} abmelden',
  'signed-out.roles.ended.one': '{count} Rollensitzung wurde beendet.',
  'signed-out.roles.ended.other': '{count} Rollensitzungen wurden beendet.',
  'signed-out.roles.left.one': '{count} Rollensitzung gilt weiter, bis sie abläuft.',
  'signed-out.roles.left.other': '{count} Rollensitzungen gelten weiter, bis sie ablaufen.',
  'signed-out.again': 'Neu anmelden',

  'consent.title': 'Bei {application} anmelden?',
  'consent.leads-to': 'Sie werden weitergeleitet zu',
  'consent.leads-to.check': 'Prüfen Sie, ob Sie diese Adresse kennen: Einen Namen kann sich jeder geben.',
  'consent.learns': 'Die Anwendung erfährt',
  'consent.claim.identity': 'wer Sie sind: eine feste Kennung von Ihnen',
  'consent.claim.profile': 'Ihren Namen',
  'consent.claim.email': 'Ihre E-Mail-Adresse',
  'consent.claim.roles': 'welche ihrer Rollen Ihnen offenstehen',
  'consent.own-claim': 'aus Ihrem Konto:',
  'consent.services': 'Sie darf für Sie handeln bei',
  'consent.offline': 'Sie darf damit weitermachen, während Sie fort sind, auch wenn Sie abgemeldet sind.',
  'consent.allow': 'Erlauben',
  'consent.deny': 'Ablehnen',
  'consent.deny.hint': 'Lehnen Sie ab, erfährt die Anwendung nichts davon, und Sie kommen zu ihr zurück.',

  'device-code.title': 'Auf einem Gerät anmelden',
  'device-code.text': 'Geben Sie den Code ein, den Ihr Gerät oder Ihre Kommandozeile zeigt.',
  'device-code.code': 'Code',
  'device-code.hint': 'Acht Buchstaben, etwa BCDF-GHJK. Groß oder klein ist gleich.',
  'device-code.warning':
    'Hat Ihnen jemand einen Code geschickt oder vorgelesen? Geben Sie ihn nicht ein: Der andere wäre dann als Sie angemeldet.',
  'device-code.denied': 'Abgelehnt. Das Gerät wurde nicht angemeldet, und sonst ist nichts zu tun.',
  'device-code.problem.missing': 'Der Code fehlt noch. Geben Sie den ein, den Ihr Gerät zeigt.',
  'device-code.problem.unknown':
    'Diesen Code gibt es nicht. Vergleichen Sie ihn Buchstabe für Buchstabe mit Ihrem Gerät.',
  'device-code.problem.expired':
    'Dieser Code ist abgelaufen. Beginnen Sie auf dem Gerät neu: Es zeigt dann einen anderen.',
  'device-code.problem.used':
    'Dieser Code wurde schon benutzt. Beginnen Sie auf dem Gerät neu: Es zeigt dann einen anderen.',
  'device-code.problem.failed':
    'Das hat nicht geklappt, und das Gerät wurde nicht angemeldet. Beginnen Sie dort neu.',

  'device-confirm.title': 'Haben Sie das auf Ihrem eigenen Gerät begonnen?',
  'device-confirm.text': '{application} wäre auf jenem Gerät als Sie angemeldet.',
  'device-confirm.code': 'Das Gerät muss diesen Code zeigen',
  'device-confirm.application': 'Anwendung',
  'device-confirm.device': 'Gerät',
  'device-confirm.from': 'Netzadresse',
  'device-confirm.time': 'Begonnen',
  'device-confirm.person': 'Angemeldet als',
  'device-confirm.warning':
    'Hat Sie eine Nachricht, ein Anruf oder ein anderer Mensch hierher gebracht, lehnen Sie ab. Niemand, der Ihnen hilft, braucht das.',
  'device-confirm.allow': 'Ja, erlauben',
  'device-confirm.deny': 'Nein, ablehnen',

  'device-done.title': 'Auf Ihrem Gerät geht es weiter',
  'device-done.text': '{application} ist dort gleich angemeldet. Sie können diese Seite schließen.',

  'application-sign-out.asked': 'Eine Anwendung möchte Sie abmelden.',
  'application-sign-out.asked-by': '{application} möchte Sie abmelden.',
  'application-sign-out.ends': 'Das beendet Ihre Sitzung bei',
  'application-sign-out.lasting': 'Diese dürfen ohne Sie weitermachen, wie Sie es erlaubt haben',
  'application-sign-out.here': '{brand}, in diesem Browser',
  'application-sign-out.provider': 'Bei {provider} bleiben Sie angemeldet.',

  'error.malformed.title': 'Diese Anfrage passt hier nicht',
  'error.malformed.text': 'Etwas in der Adresse oder im Formular ist anders, als diese Seite es erwartet.',
  'error.malformed.next': 'Gehen Sie zum Anfang zurück, und versuchen Sie es von dort.',
  'error.too-large.title': 'Das war zu groß',
  'error.too-large.text': 'Ihr Browser hat mehr geschickt, als eine Seite hier je braucht.',
  'error.too-large.next': 'Beginnen Sie neu. Bleibt es so, sagen Sie es Ihren Administratoren.',
  'error.too-slow.title': 'Das hat zu lange gedauert',
  'error.too-slow.text': 'Ihr Browser hat nicht rechtzeitig alles geschickt.',
  'error.too-slow.next': 'Prüfen Sie Ihr Netz, und versuchen Sie es noch einmal.',
  'error.sign-in-refused.title': 'Die Anmeldung wurde nicht angenommen',
  'error.sign-in-refused.text': 'Was Ihr Anbieter oder Ihr Browser brachte, beweist nicht, wer Sie sind.',
  'error.sign-in-refused.next':
    'Melden Sie sich neu an. Bleibt es so, nennen Sie Ihren Administratoren die Referenz unten: Sie führt zum Grund.',
  'error.attempt-unknown.title': 'Diese Anmeldung gilt nicht mehr',
  'error.attempt-unknown.text':
    'Sie wurde schon beendet, hat zu lange gedauert oder begann in einem anderen Browser. Das kommt bei alten Tabs und beim Zurückgehen vor.',
  'error.attempt-unknown.next': 'Beginnen Sie neu; das dauert nur einen Augenblick.',
  'error.provider-denied.title': 'Die Anmeldung wurde abgebrochen',
  'error.provider-denied.text':
    '{provider} meldet, dass abgebrochen wurde oder dass Sie sich hier nicht anmelden dürfen.',
  'error.provider-denied.next': 'Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.',
  'error.provider-failed.title': 'Ihr Anbieter konnte Sie nicht anmelden',
  'error.provider-failed.text': '{provider} hat mit einem eigenen Fehler geantwortet.',
  'error.provider-failed.next':
    'Warten Sie eine Minute, und versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.',
  'error.provider-unreachable.title': 'Ihr Anbieter antwortet nicht',
  'error.provider-unreachable.text': '{provider} ist gerade nicht zu erreichen.',
  'error.provider-unreachable.next':
    'Warten Sie eine Minute, und versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.',
  'error.provider-unknown.title': 'Diesen Anbieter gibt es nicht',
  'error.provider-unknown.text':
    'Diese Adresse nennt einen Weg zur Anmeldung, den es hier nicht oder nicht mehr gibt.',
  'error.provider-unknown.next': 'Wählen Sie einen auf der Anmeldeseite.',
  'error.forged.title': 'Dieses Formular ist zu alt',
  'error.forged.text':
    'Es wurde geladen, bevor Sie sich an- oder abgemeldet haben, oder kam nicht von dieser Seite. Es ist nichts geschehen.',
  'error.forged.next': 'Öffnen Sie die Seite neu, und wiederholen Sie, was Sie getan haben.',
  'error.role-refused.title': 'Diese Rolle steht Ihnen nicht offen',
  'error.role-refused.text':
    'Es gibt sie nicht, oder ihre Regeln lassen Sie, so wie Sie jetzt angemeldet sind, nicht zu.',
  'error.role-refused.next':
    'Wählen Sie eine andere Rolle. Brauchen Sie diese, nennen Sie Ihren Administratoren die Referenz unten.',
  'error.factor-locked.title': 'Zu viele Versuche',
  'error.factor-locked.text':
    'Damit niemand raten kann, werden zweite Faktoren eine Zeitlang nicht angenommen.',
  'error.factor-locked.next':
    'Warten Sie, und versuchen Sie es dann noch einmal. Waren Sie es nicht selbst, sagen Sie es Ihren Administratoren.',
  'error.not-found.title': 'Hier ist nichts',
  'error.not-found.text':
    'Vielleicht ist die Adresse vertippt, oder was dort war, ist weg oder steht Ihnen nicht offen.',
  'error.not-found.next': 'Hier geht es weiter:',
  'error.application-failed.title': 'Die Anwendung wollte etwas, das sie nicht darf',
  'error.application-failed.text':
    'Sie hat Sie mit einer Anfrage hierher geschickt, die falsch oder ihr nicht erlaubt ist.',
  'error.application-failed.next':
    'Gehen Sie zur Anwendung zurück, und versuchen Sie es noch einmal. Bleibt es so, sagen Sie denen, die sie betreiben, was unten steht.',
  'error.application-expired.title': 'Diese Anfrage der Anwendung gilt nicht mehr',
  'error.application-expired.text':
    'Sie wurde schon beendet, hat zu lange gewartet oder begann in einem anderen Browser. Das kommt bei alten Tabs und beim Zurückgehen vor.',
  'error.application-expired.next': 'Gehen Sie zur Anwendung zurück, und beginnen Sie dort neu.',
  'error.unavailable.title': 'Gerade außer Betrieb',
  'error.unavailable.text': 'Ein Teil dieses Dienstes antwortet nicht. Es ist nichts verloren.',
  'error.unavailable.next': 'Versuchen Sie es in einer Minute noch einmal.',
  'error.internal.title': 'Hier ist etwas schiefgegangen',
  'error.internal.text': 'Der Fehler liegt bei uns, nicht bei Ihnen.',
  'error.internal.next':
    'Versuchen Sie es noch einmal. Bleibt es so, nennen Sie Ihren Administratoren die Anfrage unten.',
  'error.any-provider': 'Ihr Anbieter',
  'error.retry-after': 'Sie können es in {duration} noch einmal versuchen.',
  'error.link.start-again': 'Neu beginnen',
  'error.link.another-provider': 'Anderen Weg wählen',
  'error.link.roles': 'Zu den Rollen',
  'error.link.retry': 'Noch einmal versuchen',
  'error.details': 'Für Ihre Administratoren',
  'error.reference': 'Referenz',
  'error.request': 'Anfrage',
  'error.time': 'Zeit',

  'time.utc': '{time} UTC',
} as const satisfies Readonly<Record<keyof typeof en, string>>;
