"""Words that say nothing about what an item is about: small ones, and what kinds of work are called."""

_SMALL = """
about after all also among and any are because been before being between both but can could did does doing down during each
few for from further given had has have having her here him his how into its itself just know like made make many may more
most must not now off once one only other our out over own same she should some such than that the their them then there
these they this those through too two three under understand until upon use used using very via was were what when where
which while who whole why will with within without would you your
ante antes aquel bajo cada como con contra cual cuando dame del desde donde dos durante ella ellas ellos entre era ese eso
esta este esto fue hacia hasta hay las los más mas mediante mis muy nos otra otro para pero por porque pueden puede que quien
ser será sin sobre sus también tiene todo todos tras tus una unas uno unos usar utilizar
aux avec ces cet cette chez comme dans depuis des donc elle elles est être faire les leur leurs mais même mes nos notre nous
par pas peut plus pour quand que quel quelle qui sans ses son sont sous sur tes tous tout une utiliser vos votre vous
aber alle als am auch auf aus bei bis das dass dem den der des die durch ein eine einem einen einer eines für haben hat
ich ihr im in ist kann können mit nach nicht noch oder ohne sein sich sie sind über um und unter vom von vor was wenn
werden wie wird zu zum zur
aos até como com das dele depois dos ela ele entre essa esse esta este foi isso mais mas não nas nos para pela pelo por
qual quando que quem são sem ser seu sua também tem uma umas uns
aan als bij dan dat deze die dit door een het hoe hun kan maar meer met naar niet ook over tot uit van voor waar wat zijn
agli alla alle anche che chi come con cui dai dal dalla degli dei del della delle di dove gli il le nel nella non per più
quale quando sono sua suo tra una uno
"""

_KINDS = """
activity activities answer answers assess assessment assignment assignments check checkpoint class course day discussion
exam exercise exercises exit final game grade handout homework introduction intro key lab lecture lesson lessons level
module notes online page pages part post practice practise pre project quiz quizzes quizz reading resource resources
review section slides standard standards student students study task tasks test tests ticket topic topics unit units
video videos warm warmup watch week weeks work worksheet worksheets
actividad alumno alumnos clase cuestionario deber deberes ejercicio ejercicios estudiante estudiantes examen grado hoja
introducción lección práctica prueba semana sesión tarea tareas tema temas trabajo unidad vídeo
activité chapitre contrôle cours devoir devoirs élève élèves évaluation exercice exercices leçon semaine séance sujet unité
abschnitt arbeitsblatt aufgabe aufgaben einheit hausaufgabe hausaufgaben klasse kapitel lektion prüfung schüler seite
stunde teil thema themen übung übungen woche
atividade aula avaliação capítulo dever exercício exercícios lição prova questionário trabalho unidade
hoofdstuk huiswerk les oefening opdracht taak toets
compito esercizio esercizi lezione verifica
"""

KINDS = frozenset(_KINDS.split())
"""What kinds of work are called, and where they stand. They name no competency, by whatever ending."""

WORDS = frozenset(_SMALL.split()) | KINDS
