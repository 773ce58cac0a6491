// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

/// A row as it lies on a page that could be read. Its large values may lie on others: `values` reads them.
package struct SalvagedRow {
    package enum Value: Equatable, Sendable {
        case null
        case integer(Int64)
        case real(Double)
        case text([UInt8])
        case blob([UInt8])

        package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
        package var text: String? {
            if case .text(let bytes) = self { String(validating: bytes, as: UTF8.self) } else { nil }
        }
        package var blob: [UInt8]? { if case .blob(let bytes) = self { bytes } else { nil } }
    }

    /// Which row on which page.
    package struct Place: Equatable, Sendable {
        package let page: UInt32
        let cell: UInt16
    }

    package let place: Place
    /// The root page of its table; nil when what leads there cannot be read.
    package let root: UInt32?
    /// Nil in a table WITHOUT ROWID.
    package let rowID: Int64?
    /// As in SQLite's file format, section 2.1.
    package let serialTypes: [Int64]
    let payload: Payload

    /// Where the record is: what of it lies on the page itself, and the first of the pages with the rest.
    struct Payload {
        let local: [UInt8]
        let size: Int
        let headerSize: Int
        let overflow: UInt32
    }
}

extension SalvagedRow.Value: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .real(let value): value.databaseValue
        case .text(let bytes): String(decoding: bytes, as: UTF8.self).databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        }
    }

    package static func fromDatabaseValue(_ value: DatabaseValue) -> Self? { nil }
}
