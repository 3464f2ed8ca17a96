"""Mappings proposed from a header and a sample: they work, and say what they are not sure of."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli.main import main
from streams.mapping_file import load_mapping, shipped_mappings
from streams.sources import examples
from streams.sources.mapped import MappedFile
from streams.suggestion.suggest import suggest


def written(folder: Path, text: str, name: str = "data.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def proposed(folder: Path, text: str, name: str = "data.csv") -> tuple[str, bool, list[dict[str, Any]]]:
    """Return the proposal, whether it is complete, and the events that it makes of the file it was made for."""
    path = written(folder, text, name)
    mapping, complete = suggest(path)
    if not complete:
        return mapping, False, []
    place = written(folder, mapping, "proposed.toml")
    return mapping, True, [event for _, event in MappedFile(path, load_mapping(place)).events()]


def test_orders_with_a_semicolon_a_comma_and_a_state(tmp_path: Path) -> None:
    text, complete, events = proposed(
        tmp_path,
        "Order ID;Kunde;Datum;Betrag;Status\n"
        "1;anna;03.04.2025;12,50;bezahlt\n2;bert;05.04.2025;1.200,00;bezahlt\n"
        "3;anna;06.05.2025;9,99;storniert\n4;anna;06.05.2025;1,234;bezahlt\n",
    )
    assert complete
    assert [(it["userId"], it["timestamp"][:10], it["properties"]["total"]) for it in events] == [
        ("anna", "2025-04-03", 12.5),
        ("bert", "2025-04-05", 1200),
        ("anna", "2025-05-06", 1.234),
    ]
    assert "such as 03.04.2025, can have the day or the month first; the day is assumed." in text
    assert "Betrag: the comma in 1,234 is taken for the decimal point." in text
    assert "Status is storniert in records that are left out." in text
    assert "Datum names no time zone" in text
    assert "no column names a currency" in text


def test_lines_of_invoices_with_returns(tmp_path: Path) -> None:
    text, complete, events = proposed(
        tmp_path,
        "invoice,sku,qty,unit_price,client_id,invoice_date\n"
        "1,A,2,5.00,17.0,13/2/2025 10:00\n1,B,1,2.50,17.0,13/2/2025 10:00\n"
        "2,A,1,5.00,18.0,3/4/2025 11:30\nC3,A,-1,5.00,18.0,5/6/2025 11:30\n",
    )
    assert complete
    assert [(it["userId"], it["event"], it["properties"]["total"]) for it in events] == [
        ("17", "Order Completed", 12.5),
        ("18", "Order Completed", 5),
        ("18", "Order Refunded", 5),
    ]
    assert "day or the month first" not in text
    assert "qty below zero is taken for a refund, of what the customer bought before." in text


def test_an_amount_below_zero_needs_the_order_that_it_undoes(tmp_path: Path) -> None:
    rows = "ref,customer,date,amount\nR1,ann,2025-01-01,20\nR1,ann,2025-01-02,-5\n"
    text, _, events = proposed(tmp_path, rows.replace("ref", "order_id"))
    assert [(it["event"], it["properties"]["order_id"]) for it in events] == [
        ("Order Completed", "R1"),
        ("Order Refunded", "R1"),
    ]
    assert "- amount below zero is taken for a refund, of the order that order_id names." in text
    text, _, events = proposed(tmp_path, rows.replace("ref", "till"))
    assert [it["event"] for it in events] == ["Order Completed"]
    assert "below zero undoes some order, and no column says which: it is left out." in text


LINES = "Order ID,Date,Customer,SKU,Qty,Unit Price"


def test_the_amount_of_a_line_is_not_that_of_its_order(tmp_path: Path) -> None:
    rows = ("1,2025-01-01,ann,A,2,5.00,10.00", "1,2025-01-01,ann,B,1,2.50,2.50", "2,2025-02-01,bob,A,1,5.00,5.00")
    text, _, events = proposed(tmp_path, "\n".join([f"{LINES},Amount", *rows]))
    assert [it["properties"]["total"] for it in events] == [12.5, 5]
    assert "Amount is that of a line, and differs within an order: an order is worth the sum of Qty times" in text
    reduced = [row.replace("10.00", "9.00") for row in rows]
    text, _, events = proposed(tmp_path, "\n".join([f"{LINES},Line Total", *reduced]))
    assert [it["properties"]["total"] for it in events] == [11.5, 5]
    assert "an order is worth their sum." in text


def test_equal_lines_do_not_make_their_amount_that_of_the_order(tmp_path: Path) -> None:
    rows = ("1,2025-01-01,ann,A,2,5.00,10.00", "1,2025-01-01,ann,B,2,5.00,10.00")
    _, _, events = proposed(tmp_path, "\n".join([f"{LINES},Amount", *rows]))
    assert [it["properties"]["total"] for it in events] == [20]


def test_an_amount_that_all_lines_of_an_order_have_is_its_total(tmp_path: Path) -> None:
    rows = ("1,2025-01-01,ann,A,2,5.00,10.00,16.50", "1,2025-01-01,ann,B,1,2.50,2.50,16.50")
    text, _, events = proposed(tmp_path, "\n".join([f"{LINES},Line Amount,Total", *rows]))
    assert [it["properties"]["total"] for it in events] == [16.5]
    assert 'total = "Total"' in text


def test_lines_that_have_only_an_amount_are_added_up(tmp_path: Path) -> None:
    rows = "Order ID,Date,Customer,Amount\n1,2025-01-01,ann,10\n1,2025-01-01,ann,2.50\n2,2025-01-02,bob,5\n"
    text, _, events = proposed(tmp_path, rows)
    assert [it["properties"]["total"] for it in events] == [12.5, 5]
    assert "Amount is that of a line, and differs within an order: an order is worth their sum." in text
    text, _, events = proposed(tmp_path, rows.replace("1,2025-01-01,ann,2.50", "1,2025-01-03,ann,2.50"))
    assert [it["properties"]["total"] for it in events] == [10, 2.5, 5]
    assert "with another Amount: the last one replaces those before it." in text


def test_a_price_and_a_quantity_are_an_amount(tmp_path: Path) -> None:
    rows = "1,2025-01-01,ann,A,2,5.00\n2,2025-02-01,bob,A,3,4.00\n"
    text, _, events = proposed(tmp_path, f"{LINES}\n{rows}")
    assert [it["properties"]["total"] for it in events] == [10, 12]
    assert "no column looks like what was paid: an order is worth Qty times Unit Price." in text


@pytest.mark.parametrize(
    ("amounts", "read", "told"),
    [
        (["1.234", "12.000", "999"], [1234, 12000, 999], "the point in 1.234 is taken for a mark between thousands."),
        (["1,234", "12,000"], [1234, 12000], "the comma in 1,234 is taken for a mark between thousands."),
        (["1.234", "12,50"], [1234, 12.5], "the point in 1.234 is taken for a mark between thousands."),
        (["1.234", "12.50"], [1.234, 12.5], "the point in 1.234 is taken for the decimal point."),
        (["1,234", "12.50"], [1234, 12.5], "the comma in 1,234 is taken for a mark between thousands."),
        (["1.234", "1500"], [1.234, 1500], "the point in 1.234 is taken for the decimal point."),
        (["1.234", "0.500"], [1.234, 0.5], "the point in 1.234 is taken for the decimal point."),
        (["1.234,50", "12,50"], [1234.5, 12.5], ""),
    ],
)
def test_a_mark_before_three_digits_is_told(tmp_path: Path, amounts: list[str], read: list[float], told: str) -> None:
    rows = "".join(f"2025-01-0{day};ann;{amount}\n" for day, amount in enumerate(amounts, start=1))
    text, _, events = proposed(tmp_path, "Datum;Kunde;Umsatz\n" + rows)
    assert [it["properties"]["total"] for it in events] == read
    assert told in text
    assert ("is taken for" in text) == bool(told)


@pytest.mark.parametrize(
    ("column", "sale", "refund"),
    [("Type", "Sale", "Refund"), ("Typ", "Bestellung", "Rückgabe"), ("x", "SALE", "Return")],
)
def test_a_column_of_kinds_makes_rules(tmp_path: Path, column: str, sale: str, refund: str) -> None:
    rows = f"2025-01-01,{sale},500,ann,20.00\n2025-01-02,{refund},500,ann,5.00\n2025-01-03,Fee,,,1.00\n"
    if column == "x":
        rows = rows[: rows.index("2025-01-03")]
    text, _, events = proposed(tmp_path, f"Date,{column},Order ID,Customer,Amount\n{rows}")
    assert [(it["event"], it["properties"]) for it in events] == [
        ("Order Completed", {"order_id": "500", "total": 20}),
        ("Order Refunded", {"order_id": "500", "total": 5}),
    ]
    assert f"{column} says what a row is: {sale} is Order Completed, {refund} is Order Refunded." in text
    assert (f"{column} is also Fee, which lifestage does not know" in text) == (column != "x")


def test_refunds_among_the_lines_of_their_order_are_told(tmp_path: Path) -> None:
    rows = "1,2025-01-01,Sale,ann,A,1,5\n1,2025-01-01,Sale,ann,B,1,6\n1,2025-01-04,Refund,ann,B,1,6\n"
    text, _, _ = proposed(tmp_path, f"Order ID,Date,Type,Customer,SKU,Qty,Unit Price\n{rows}")
    assert "Type differs within an order, and its first row says what all its rows are: give refunds ids of" in text


def test_two_amounts_and_two_customers(tmp_path: Path) -> None:
    text, _, events = proposed(
        tmp_path,
        "id,customer_id,email,created_at,total,value,currency\n1,7,a@x.org,2025-01-01T10:00:00Z,20,18,EUR\n",
    )
    assert "the amount is total; it could also be value." in text
    assert "the customer is customer_id; it could also be email." in text
    assert events[0]["properties"] == {"order_id": "1", "total": 20, "currency": "EUR"}


def test_objects_with_lists(tmp_path: Path) -> None:
    _, complete, events = proposed(
        tmp_path,
        '{"id":1,"customer":{"id":"c1"},"created_at":"2025-01-01T10:00:00Z","total_price":"12.00",'
        '"line_items":[{"sku":"A","price":"6.00","quantity":2}],"financial_status":"paid"}\n'
        '{"id":2,"customer":{"id":"c2"},"created_at":"2025-01-03T10:00:00Z","total_price":"6.00",'
        '"line_items":[],"financial_status":"pending"}\n',
        "orders.jsonl",
    )
    assert complete
    assert [it["properties"]["total"] for it in events] == [12]
    assert events[0]["properties"]["products"] == [{"product_id": "A", "quantity": 2, "price": 6}]


def test_a_stream_of_named_events(tmp_path: Path) -> None:
    text, complete, events = proposed(
        tmp_path, "user_id,event,ts\nu1,page_view,1735725600\nu1,Product Viewed,1735725700\nu2,scroll,1735725800\n"
    )
    assert complete
    assert [it["event"] for it in events] == ["page", "Product Viewed"]
    assert "event is also scroll, which lifestage does not know: they are left out." in text


def test_a_file_without_a_header(tmp_path: Path) -> None:
    text, _, _ = proposed(tmp_path, "c1,2025-01-01,5.00\nc2,2025-01-02,6.00\n")
    assert "the first row looks like data: if there is no header, name the columns in [file] header." in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("day,shop,amount\n2025-01-01,north,10\n", "no column looks like a customer"),
        ("customer,amount\nann,10\n", "no column looks like a date or a time"),
    ],
)
def test_what_is_missing_is_told_and_has_status_2(tmp_path: Path, text: str, told: str) -> None:
    mapping, complete, _ = proposed(tmp_path, text)
    assert not complete
    assert told in mapping
    done = call("--suggest", written(tmp_path, text))
    assert (done.exit_code, told in done.output, "is not complete" in done.output) == (2, True, True)
    used = call(written(tmp_path, text), "--mapping", written(tmp_path, mapping, "mine.toml"))
    assert (used.exit_code, "names no column; write the name of a column" in used.output) == (2, True)


def test_a_proposal_that_makes_no_event_has_status_2(tmp_path: Path) -> None:
    text = "customer,date,order id\nann,2025-01-01,1\n"
    mapping, complete, _ = proposed(tmp_path, text)
    assert not complete
    assert "Tried on them: 0 events, and 1 that cannot be used (bad_amount" in mapping
    assert "no column looks like what was paid: write total = ... into [[events]]." in mapping
    assert call("--suggest", written(tmp_path, text)).exit_code == 2


@pytest.mark.parametrize(
    "header",
    [
        "N° de commande;Date de commande;Client;Montant TTC (€)",
        "Numéro de commande;Date;Adresse e-mail;Montant",
        "Rechnungsnr.;Rechnungsdatum;Käufer;Brutto",
        "BESTELLNR;Datum;Kundennr.;Gesamtpreis (EUR)",
        "Rechnungsnummer;Datum;Account;Bruttobetrag",
        "Nº de pedido;Fecha;Cliente;Importe",
        "Numero ordine;Data;Cliente;Importo",
        "Bestelnummer;Datum;Klant;Bedrag",
        "Número do pedido;Data;Comprador;Valor",
        "Numer zamówienia;Data;Klient;Wartość",
        "Order No.;Order Date;Customer #;Gross",
    ],
)
def test_names_of_columns_in_several_languages(tmp_path: Path, header: str) -> None:
    no, at, who, paid = header.split(";")
    text, complete, events = proposed(tmp_path, f"{who};Note;{no};{at};{paid};4711\nann;x;N1;13.02.2025;12,50;9\n")
    assert complete, text
    properties = events[0]["properties"]
    assert (events[0]["userId"], properties["order_id"], properties["total"]) == ("ann", "N1", 12.5)


@pytest.mark.parametrize(
    ("name", "amounts", "code", "told"),
    [
        ("Amount", ("£1.50", "£2"), "GBP", "Amount has amounts in £: all amounts are taken to be in GBP."),
        ("Betrag", ("1,50 €", "2,00 €"), "EUR", "Betrag has amounts in €: all amounts are taken to be in EUR."),
        (
            "Amount (EUR)",
            ("1.50", "2.00"),
            "EUR",
            "Amount (EUR) has amounts in EUR: all amounts are taken to be in EUR.",
        ),
        (
            "Amount",
            ("$1.50", "$2"),
            None,
            "Amount has amounts in $, which is the sign of several currencies: amounts are",
        ),
        ("Amount", ("£1.50", "€2"), None, "Amount has amounts in £ and €, and no column names a currency: amounts are"),
        ("Amount", ("1.50", "2"), None, "no column names a currency: amounts are taken to be in that of the policy."),
    ],
)
def test_the_currency_in_amounts(
    tmp_path: Path, name: str, amounts: tuple[str, str], code: str | None, told: str
) -> None:
    rows = "".join(f"2025-01-0{day};ann;{amount}\n" for day, amount in enumerate(amounts, start=1))
    text, _, events = proposed(tmp_path, f"Date;Customer;{name}\n{rows}")
    assert [it["properties"].get("currency") for it in events] == [code, code]
    assert told in text


@pytest.mark.parametrize(
    "above", ["Sales report,,,\n", "Sales report,,,\nGenerated,2026-01-05,,\n\n", "sep=,\nReport,,,\n"]
)
def test_titles_above_the_header(tmp_path: Path, above: str) -> None:
    rows = "Order ID,Date,Customer,Total\n1,2025-01-01,ann,5\n2,2025-01-02,bob,6\n"
    text, complete, events = proposed(tmp_path, above + rows)
    lines = above.count("\n")
    assert (complete, len(events)) == (True, 2)
    assert f"line {lines + 1} is taken for the header" in text
    assert text.endswith(f"[file]\nskip_lines = {lines}\n")
    mapping = written(tmp_path, text[: text.index("[file]")], "mine.toml")
    told = f"data.csv:{lines + 1} looks like the header: write skip_lines = {lines} below [file] in the mapping"
    done = call(str(tmp_path / "data.csv"), "--mapping", mapping)
    assert (done.exit_code, told in done.output) == (2, True), done.output


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_titles_without_a_delimiter(tmp_path: Path, mark: str) -> None:
    rows = "Order ID,Date,Customer,Total\n1,2025-01-01,ann,5\n2,2025-01-02,bob,6\n".replace(",", mark)
    text, complete, events = proposed(tmp_path, f"Sales of 2025\n\n{rows}")
    assert (complete, len(events)) == (True, 2)
    assert "skip_lines = 2" in text


def test_titles_above_the_header_of_a_known_shape(tmp_path: Path) -> None:
    export = examples.write_example("stripe", tmp_path, customers=5)
    text, complete = suggest(written(tmp_path, "Payments,,,,\n" + export.read_text(), "titled.csv"))
    place = written(tmp_path, text, "mine.toml")
    assert complete
    assert list(MappedFile(str(tmp_path / "titled.csv"), load_mapping(place)).events())


def test_a_header_without_all_names_is_no_title(tmp_path: Path) -> None:
    text, _, events = proposed(tmp_path, "id,customer,date,total,,\n1,ann,2025-01-01,5,x,y\n")
    assert "is taken for the header" not in text
    assert len(events) == 1


@pytest.mark.parametrize("shape", examples.names())
def test_a_mapping_that_ships_is_recognised(tmp_path: Path, shape: str) -> None:
    path = examples.write_example(shape, tmp_path, customers=10)
    text, complete = suggest(str(path))
    assert complete
    assert f"has the columns of a mapping that ships: --mapping {shape}. This is it." in text.splitlines()[0]
    assert text.endswith(shipped_mappings()[shape].read_text("utf-8"))


def test_a_mapping_that_ships_is_doubted_where_its_dates_can_be_either(tmp_path: Path) -> None:
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    either, _ = suggest(written(tmp_path, header + "536365,A,A,6,1/12/2010 8:26,2.55,17850,United Kingdom\n"))
    assert "such as 1/12/2010 8:26, can have the day or the month first; it is read by %m/%d/%Y %H:%M." in either
    wrong, _ = suggest(written(tmp_path, header + "536365,A,A,6,13/12/2010 8:26,2.55,17850,United Kingdom\n"))
    assert "1 that cannot be used (bad_timestamp" in wrong


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["map", *arguments])


def test_the_command_shows_events_and_counts(tmp_path: Path) -> None:
    path = call("--example", "stripe", "--out", str(tmp_path)).output.strip()
    head = call(path, "--mapping", "stripe", "--head", "2")
    assert head.exit_code == 0
    assert len(head.stdout.splitlines()) == 2
    out = tmp_path / "events.jsonl"
    whole = call(path, "--mapping", "stripe", "--out", str(out))
    assert whole.exit_code == 0
    assert "records became" in whole.output
    assert len(out.read_text().splitlines()) > 1000
    assert call("--print", "stripe").output == shipped_mappings()["stripe"].read_text("utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    path = call("--example", "stripe", "--out", str(tmp_path)).output.strip()
    done = call(path, "--mapping", "stripe", "--out", "/dev/full")
    assert (done.exit_code, done.output) == (1, "Error: /dev/full cannot be written: No space left on device\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name a FILE, or --print or --example with one of ga4, olist,"),
        (("file.csv",), "give --mapping, or --suggest"),
        (("--print", "nothing"), "there is no mapping 'nothing': those that ship are ga4,"),
        (("none.csv", "--suggest"), "none.csv cannot be read: No such file"),
        ((".", "--suggest"), ". is a folder: name the file in it"),
        ((".", "--mapping", "shopify"), ". is a folder: name the file in it"),
        (("none.csv", "--mapping", "shopify"), "none.csv cannot be read: No such file"),
        (("none.csv", "--mapping", "none.toml"), "the mapping none.toml cannot be read"),
    ],
)
def test_a_mistake_is_one_sentence_with_status_2(arguments: tuple[str, ...], told: str) -> None:
    done = call(*arguments)
    assert (done.exit_code, told in done.output) == (2, True), done.output
