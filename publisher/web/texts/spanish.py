"""The readers' pages in Spanish."""

from publisher.web.texts.words import Texts

SPANISH = Texts(
    lang="es",
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
    " diciembre",
    date="{day} de {month} de {year}",
    archive="Todos los números",
    empty="Todavía no se ha publicado ningún número.",
    empty_more="Cada número estará aquí desde el día de su publicación, en todos sus idiomas.",
    newest="Último número",
    feeds="Canal",
    feed_more="Dé esta dirección a un lector de canales y recibirá los números nuevos.",
    feeds_tags="Feeds por tema",
    licence="Licencia",
    newer="Más reciente",
    older="Más antiguo",
    original="En el sitio del boletín",
    discuss="Coméntalo en",
    search="Buscar",
    search_words="Palabras de un número",
    search_lang="Idioma",
    search_all="Todos los idiomas",
    search_more="Escribe una o dos palabras. Basta el comienzo de una palabra, y los acentos"
    " no importan.",
    search_found="Encontrados: {count}",
    search_none="No se encontró nada",
    search_none_more="Prueba con menos palabras, con otras o solo con el comienzo de una."
    " Todas deben estar en el mismo número; los acentos, las mayúsculas y los signos no"
    " importan.",
    search_anywhere="Buscar en todos los idiomas",
    search_before="Resultados anteriores",
    search_after="Más resultados",
    leave="Darse de baja",
    leave_ask="¿Dejamos de enviarle {site}?",
    leave_address="Este enlace pertenece a {address}.",
    leave_button="Sí, darme de baja",
    leave_else="¿No era lo que quería? Cierre esta página; nada ha cambiado.",
    left="Se ha dado de baja",
    left_more="{site} ya no le llegará por correo.",
    left_late="Aún puede llegar un correo que ya esté en camino.",
    back="A todos los números",
    join="Suscribirse por correo",
    join_to="Recibir {site} por correo",
    join_more="Le enviaremos un correo con un enlace. Estará en la lista cuando haya confirmado en"
    " él.",
    address="Su dirección de correo",
    address_wrong="No podemos escribir a esta dirección. Compruébela, por favor: debería parecerse"
    " a ann@example.org.",
    address_jid="También vale una dirección XMPP: xmpp:ana@example.org."
    " Entonces llega como mensaje.",
    editions="Idiomas",
    editions_more="Un correo por cada idioma que elija.",
    else_after="¿Nada en mis idiomas? Enviarlo en {language} tras este número de días",
    else_more="De 1 a 60. Déjelo vacío para esperar lo que haga falta.",
    else_wrong="Indique un número entero de días, de 1 a 60, o nada.",
    else_idle="Con esta elección los días no cuentan: {language} llega enseguida o nunca.",
    lists="Boletines",
    lists_none="Elija al menos uno, por favor.",
    trap="Deje este campo vacío",
    join_button="Suscribirse",
    once_more="Pulse el botón una vez más, por favor.",
    asked="Ahora mire su correo",
    asked_more="Si {address} es correcta, un correo con un enlace está en camino. Estará en la"
    " lista cuando haya confirmado.",
    asked_late="¿Nada después de unos minutos? Mire en el correo no deseado. A una misma dirección"
    " enviamos como mucho un correo de estos al día.",
    asked_message="Mire ahora sus mensajes",
    asked_message_more="Si {address} es correcta, va en camino un mensaje con"
    " un enlace. Estará en la lista en cuanto lo confirme.",
    confirm="Confirmar la suscripción",
    confirm_ask="¿Quiere recibir {site} en {address} a partir de ahora?",
    confirm_button="Sí, suscribirme",
    confirm_else="¿No fue usted? Cierre esta página; no le llegará nada más.",
    confirmed="Suscripción confirmada",
    confirmed_more="{site} le llegará a {address}.",
    confirmed_later="Cada correo lleva un enlace para darse de baja o elegir otra cosa.",
    stale="Este enlace ya no sirve",
    stale_more="Puede que sea demasiado antiguo, que ya se haya usado o que le falte el final.",
    anew="Suscribirse de nuevo",
    choose="Lo que recibe",
    choose_rather="Elegir mejor lo que recibe",
    choose_button="Guardar",
    chosen="Guardado.",
    failures={
        403: (
            "Aquí no puede hacer eso",
            "Su cuenta no lo permite, o la página era demasiado antigua: vuelva a cargarla e"
            " inténtelo otra vez.",
        ),
        404: (
            "Esta página no existe",
            "Puede que la dirección esté mal escrita o que la página nunca haya estado aquí.",
        ),
        405: ("Eso no es posible aquí", "Esta dirección no acepta ese tipo de petición."),
        413: ("Era demasiado", "La petición era mayor de lo que acepta esta dirección."),
        429: (
            "Demasiado a la vez",
            "Ha habido más peticiones de las que aceptamos en una hora. Inténtelo más tarde.",
        ),
        500: (
            "Algo ha fallado",
            "El fallo es nuestro y ha quedado anotado. Inténtelo de nuevo más tarde.",
        ),
        503: ("Ahora no", "Inténtelo de nuevo dentro de un minuto."),
    },
)
