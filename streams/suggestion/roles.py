"""Which column is what: proposed by names that exports use, and by what the values look like."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from unicodedata import normalize

from schemas.event_names import track_name
from streams.mapping_file import load_mapping
from streams.suggestion.column import Column

CUSTOMER = (
    "customeruniqueid customerid customerno customernumber userid clientid memberid accountid shopperid buyerid"
    " householdid householdkey contactid kundennummer kundennr kundenid kdnr idclient codeclient numeroclient"
    " idcliente codigocliente numerocliente codicecliente klantnummer klantnr klantid klientid idklienta numerklienta"
    " kunde kaufer besteller cliente comprador acheteur acquirente koper klant klient kupujacy customer user client"
    " buyer member shopper userpseudoid email courriel correo correoelectronico account konto"
).split()
INSTANT = (
    "createdat created createdutc orderdate orderedat invoicedate purchasedate purchasedat transactiondate eventtime"
    " eventtimestamp bestelldatum rechnungsdatum kaufdatum datedecommande datecommande datedefacture fechadepedido"
    " fechapedido dataordine besteldatum orderdatum factuurdatum datadopedido datapedido datazamowienia timestamp"
    " datetime date time datum paidat fecha data ts day tag jour dia giorno"
).split()
ORDER = (
    "orderid ordernumber orderno ordernr invoiceno invoiceid invoicenumber invoicenr transactionid receiptid receiptno"
    " receiptnumber basketid bestellnummer bestellnr bestellid auftragsnummer auftragsnr rechnungsnummer rechnungsnr"
    " belegnummer belegnr ndecommande nocommande ncommande numerodecommande numerocommande idcommande ndefacture"
    " nfacture numerodefacture numerofacture numerodepedido numeropedido npedido nodepedido idpedido numerodefactura"
    " numerofactura nfactura numeroordine nordine idordine numerofattura bestelnummer bestelnr ordernummer"
    " factuurnummer factuurnr numerodopedido numerozamowienia numerzamowienia nrzamowienia idzamowienia numerfaktury"
    " nrfaktury order invoice transaction receipt bestellung auftrag rechnung beleg commande facture pedido factura"
    " ordine fattura bestelling factuur zamowienie faktura number id name"
).split()
TOTAL = (
    "ordertotal totalamount grandtotal totalprice amountpaid netamount bruttobetrag gesamtbetrag rechnungsbetrag"
    " endbetrag gesamtpreis gesamtsumme montantttc totalttc montanttotal importetotal totalepedido importototale"
    " totaleordine totaalbedrag totaalprijs valortotal precototal kwotabrutto wartoscbrutto total gesamt totale totaal"
    " amount revenue paid gross brutto value sum summe sales turnover betrag umsatz erlos montant importe importo"
    " bedrag valor kwota wartosc suma razem netto ttc price"
).split()
PRICE = (
    "unitprice itemprice lineitemprice itemcost priceperunit einzelpreis stuckpreis prixunitaire preciounitario"
    " prezzounitario stuksprijs eenheidsprijs precounitario cenajednostkowa price preis prix precio prezzo prijs preco"
    " cena"
).split()
QUANTITY = (
    "quantity lineitemquantity qty units pieces menge anzahl stuck stuckzahl quantite qte cantidad quantita aantal"
    " quantidade ilosc"
).split()
PRODUCT = (
    "productid sku lineitemsku stockcode itemid articleid artikelnummer artikelnr reference article product item"
    " productname artikel produkt produit producto articulo prodotto articolo produto description"
).split()
CATEGORY = "category productcategory itemcategory department kategorie categorie categoria kategoria".split()
STATE = "financialstatus orderstatus paymentstatus status state statut estado stato zahlungsstatus".split()
EVENT = "event eventname action activity transactiontype recordtype ordertype type kind typ art vorgang tipo".split()

_ORDERED = (
    "paid completed complete delivered shipped processing succeeded success successful approved invoiced fulfilled done"
    " captured closed partiallypaid partiallyrefunded refunded bezahlt versandt versendet geliefert abgeschlossen paye"
    " payee expedie expediee livre livree pagado pagada enviado entregado completado pagato pagata spedito consegnato"
    " betaald verzonden geleverd afgerond pago entregue zaplacone oplacone wyslane dostarczone"
).split()
_KINDS = {
    "Order Completed": "sale sales order purchase payment charge invoice bestellung verkauf kauf rechnung vente"
    " commande venta pedido vendita ordine verkoop venda sprzedaz",
    "Order Refunded": "refund refunds return returns chargeback creditnote erstattung ruckerstattung gutschrift retoure"
    " ruckgabe remboursement retour avoir reembolso devolucion rimborso reso terugbetaling zwrot",
    "Order Cancelled": "cancel cancellation cancelled canceled void storno stornierung annulation cancelacion",
}
_KIND_OF = {word: name for name, words in _KINDS.items() for word in words.split()}
_OF_ALL = ("total", "gesamt", "sum", "amount")
_UNIT = re.compile(r"(?<=.)\s*[(\[][^)\]]*[)\]]\s*$")
_FOR_PEOPLE = ("url", "note", "comment", "address", "phone", "zip", "referrer")


def find(columns: Sequence[Column], words: Sequence[str], fits: Callable[[Column], bool] = bool) -> list[Column]:
    """Return the filled columns whose names say one of these words, the likeliest first."""
    ranked = [
        (rank, -column.filled, place)
        for place, column in enumerate(columns)
        if column.values and (rank := _rank(column.name, words)) is not None and fits(column)
    ]
    return [columns[place] for *_, place in sorted(ranked)]


def is_unit_price(column: Column) -> bool:
    """Tell whether a name says what one piece costs, and not what was paid."""
    name = _squeezed(column.name)
    return _rank(column.name, PRICE) is not None and not any(word in name for word in _OF_ALL)


def is_ordered(state: str) -> bool:
    """Tell whether an order in this state was paid or is on its way."""
    return _squeezed(state) in _ORDERED


def known_event(name: str) -> str:
    """Return the event that a name means, also as Google Analytics calls it; empty for an unknown one."""
    return track_name(name) or _of_analytics().get(name) or kind_of(name)


def kind_of(text: str) -> str:
    """Return the event that a word such as Sale or Chargeback means in lists of payments; empty for another."""
    return _KIND_OF.get(_squeezed(text), "")


@cache
def _of_analytics() -> dict[str, str]:
    shape = load_mapping("ga4").shape
    return {"purchase": "Order Completed", "refund": "Order Refunded"} | dict(shape.events[-1].event.values)


def _rank(name: str, words: Sequence[str]) -> int | None:
    whole, last = _squeezed(name), _squeezed(name.rpartition(".")[2])
    for rank, word in enumerate(words):
        if word in (whole, last):
            return rank
    if any(word in whole for word in _FOR_PEOPLE):
        return None
    return next((len(words) + rank for rank, word in enumerate(words) if len(word) > 3 and word in whole), None)


def _squeezed(text: str) -> str:
    # Without accents and units: `Währung`, `N° de commande`, `Einzelpreis (€)`.
    plain = normalize("NFKD", _UNIT.sub("", text).casefold()).replace("ł", "l")
    return "".join(character for character in plain if character.isalnum())
