// SPDX-License-Identifier: Apache-2.0
import SealedSQLite

/// Tells which table a row is of when nothing leads to its page, or the schema's row of the table is lost: by its columns'
/// types, a letter each (n, i, r, t, b).
struct RowShape {
    let letters: String
    private let hasRowID: Bool

    init(_ row: SalvagedRow) {
        hasRowID = row.rowID != nil
        letters = String(
            row.serialTypes.map { type -> Character in
                switch type {
                case 0: "n"
                case 1...6, 8, 9: "i"
                case 7: "r"
                default: type % 2 == 0 ? "b" : "t"
                }
            })
    }

    /// Nil for tables that are made anew, for indexes, and for what two tables might have.
    var table: String? { hasRowID ? numberedTable : unnumberedTable }

    /// With a rowid, whose column is empty.
    private var numberedTable: String? {
        switch letters {
        case "nb": "chunks"
        case "niiiiiii": "messages"
        case "nittttbi": "cards"
        case _ where isLike(/niiiii[in]i[in]b/): "bodies"
        case _ where isLike(/ntiiii[nt]iiiii?/): "mailboxes"
        case _ where isLike(/ntt[nt][nt]it[nt]i[nb]i/): "calendars"
        case _ where isLike(/nitttt[nt][ni][ni]bi/): "calendar_objects"
        case _ where isLike(/ntt[nt][nb]i/): "address_books"
        case _ where isLike(/niii[ni][ni][nt]i/): "changes"
        default: nil
        }
    }

    /// WITHOUT ROWID. Entries of indexes look the same, and end in the number of a row.
    private var unnumberedTable: String? {
        switch letters {
        case "t": "subscriptions"
        case "iit": "keywords"
        case "tiiiii": "delivery_keys"
        default: nil
        }
    }

    /// An entry of an index over a name, or a row of `former_names`.
    var isNameEntry: Bool { !hasRowID && letters == "ti" }

    /// An entry of an index over a collection and a name or UID.
    var isObjectEntry: Bool { !hasRowID && letters == "iti" }

    private func isLike(_ pattern: Regex<Substring>) -> Bool { letters.wholeMatch(of: pattern) != nil }
}
