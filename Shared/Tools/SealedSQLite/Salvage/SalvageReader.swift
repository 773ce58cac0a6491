// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Finds rows on every page that can still be read, whether or not anything leads there (SQLite's file format,
/// https://www.sqlite.org/fileformat2.html). What is free is passed over: a file of ours has pointer maps, which name the
/// use and the parent of each page.
package struct SalvageReader {
    private let file: any PageSource
    /// Pages without any version whose tag fits.
    package private(set) var unreadable: [UInt32] = []
    /// Root pages by the names of tables and indexes; without those whose row of the schema cannot be read.
    package private(set) var roots: [String: UInt32] = [:]
    private var maps: PointerMaps

    /// Reads all pages once.
    package init(_ file: any PageSource, progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }) {
        self.file = file
        maps = PointerMaps(file)
        guard file.pageCount > 0 else { return }
        for number in 1...file.pageCount {
            if file.page(number) == nil { unreadable.append(number) }
            progress(Int(number), Int(file.pageCount))
        }
        // What the damaged maps told of, the trees themselves tell, from the schema's on.
        let isMapLost = unreadable.contains(where: maps.isMap)
        var walk = TreeWalk(file)
        var isSchemaWhole = true
        if isMapLost {
            walk.from(1) {
                maps.learn($0, root: 1)
                if unreadable.contains($0) { isSchemaWhole = false }
            }
        }
        var roots: [String: UInt32] = [:]
        forEachRow(of: { $0 == 1 }) { row in
            guard let values = values(of: row) else {
                isSchemaWhole = false
                return
            }
            guard values.count == 5, ["table", "index"].contains(values[0].text),
                let name = values[1].text, let root = values[3].integer, root > 0
            else { return }
            roots[name] = UInt32(clamping: root)
        }
        self.roots = roots
        if isMapLost {
            for root in roots.values { walk.from(root) { maps.learn($0, root: root) } }
            maps.treesAreKnown = walk.isWhole && isSchemaWhole
        }
    }

    /// The name of the table or index that a page, readable or not, is of: its rows, what leads to them, or a part of a large
    /// value. Nil where that is not known, and where it is of none.
    package func table(of page: UInt32) -> String? {
        var maps = maps
        guard !maps.isMap(page), let root = maps.owner(of: page) else { return nil }
        return root == 1 ? "sqlite_schema" : roots.first { $0.value == root }?.key
    }

    /// Of the page's use, for an operator.
    package func use(of page: UInt32) -> String {
        var maps = maps
        if let table = table(of: page) { return table }
        return maps.isMap(page) ? "pointer map" : maps.isFree(page) ? "free" : "use not known"
    }

    /// All rows of tables with and without rowid, page by page. Index entries come along as rows of a root that is no
    /// table's. `isWanted`: by the root, nil where it is not known.
    package func forEachRow(
        of isWanted: (_ root: UInt32?) -> Bool = { _ in true }, _ body: (SalvagedRow) throws -> Void
    ) rethrows {
        guard file.pageCount > 0 else { return }
        var maps = maps
        for number in 1...file.pageCount where !maps.isMap(number) {
            guard maps.mayBeTree(number) else { continue }
            let root = maps.root(of: number)
            guard isWanted(root), let page = file.page(number) else { continue }
            for row in rows(on: page, number, root) { try body(row) }
        }
    }

    /// The row that was there when its page was read before.
    package func row(at place: SalvagedRow.Place) -> SalvagedRow? {
        file.page(place.page).flatMap { rows(on: $0, place.page, nil).first { $0.place == place } }
    }

    /// With all bytes; nil when a page with some of them cannot be read.
    package func values(of row: SalvagedRow) -> [SalvagedRow.Value]? {
        let payload = row.payload
        var bytes = payload.local
        var next = payload.overflow
        while bytes.count < payload.size {
            guard next != 0, let page = file.page(next) else { return nil }
            bytes += page[4..<min(Page.usableSize, 4 + payload.size - bytes.count)]
            next = Page.number(page, at: 0)
        }
        let values = Self.values(row, bytes)
        return values.count == row.serialTypes.count ? values : nil
    }

    /// Those that lie whole on the row's own page, from the first on.
    package func leadingValues(of row: SalvagedRow) -> [SalvagedRow.Value] { Self.values(row, row.payload.local) }

    private static func values(_ row: SalvagedRow, _ bytes: [UInt8]) -> [SalvagedRow.Value] {
        var offset = row.payload.headerSize
        var values: [SalvagedRow.Value] = []
        for type in row.serialTypes {
            guard let value = Self.value(type, bytes, &offset) else { break }
            values.append(value)
        }
        return values
    }

    // MARK: Pages

    private func rows(on page: [UInt8], _ number: UInt32, _ root: UInt32?) -> [SalvagedRow] {
        let start = number == 1 ? 100 : 0
        let (isTable, isLeaf): (Bool, Bool)
        switch page[start] {
        case 0x0D: (isTable, isLeaf) = (true, true)
        case 0x0A: (isTable, isLeaf) = (false, true)
        // Inner pages of a table WITHOUT ROWID hold rows too.
        case 0x02: (isTable, isLeaf) = (false, false)
        default: return []
        }
        let count = Int(page[start + 3]) << 8 | Int(page[start + 4])
        let pointers = start + (isLeaf ? 8 : 12)
        guard pointers + 2 * count <= Page.usableSize else { return [] }
        return (0..<count).compactMap { index in
            let cell = Int(page[pointers + 2 * index]) << 8 | Int(page[pointers + 2 * index + 1])
            let place = SalvagedRow.Place(page: number, cell: UInt16(index))
            return row(on: page, at: cell + (isLeaf ? 0 : 4), isTable: isTable, root, place)
        }
    }

    private func row(
        on page: [UInt8], at cell: Int, isTable: Bool, _ root: UInt32?, _ place: SalvagedRow.Place
    ) -> SalvagedRow? {
        var offset = cell
        let usable = Page.usableSize
        guard let size = Self.varint(page, &offset).flatMap({ Int(exactly: $0) }), size > 0 else { return nil }
        var rowID: Int64?
        if isTable {
            guard let id = Self.varint(page, &offset) else { return nil }
            rowID = id
        }
        let most = isTable ? usable - 35 : (usable - 12) * 64 / 255 - 23
        var local = size
        if size > most {
            let least = (usable - 12) * 32 / 255 - 23
            let fitting = least + (size - least) % (usable - 4)
            local = fitting <= most ? fitting : least
        }
        guard offset + local + (local < size ? 4 : 0) <= usable else { return nil }
        let bytes = Array(page[offset..<offset + local])
        let overflow = local < size ? Page.number(page, at: offset + local) : 0

        var position = 0
        guard let headerSize = Self.varint(bytes, &position).flatMap({ Int(exactly: $0) }),
            (position...bytes.count).contains(headerSize)
        else { return nil }
        var types: [Int64] = []
        while position < headerSize {
            guard let type = Self.varint(bytes, &position), type >= 0 else { return nil }
            types.append(type)
        }
        return SalvagedRow(
            place: place, root: root, rowID: rowID, serialTypes: types,
            payload: .init(local: bytes, size: size, headerSize: headerSize, overflow: overflow))
    }

    // MARK: Records

    static func varint(_ bytes: [UInt8], _ offset: inout Int) -> Int64? {
        var value: UInt64 = 0
        for place in 0..<9 {
            guard offset < bytes.count else { return nil }
            let byte = bytes[offset]
            offset += 1
            if place == 8 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7F)
            if byte < 0x80 { break }
        }
        return Int64(bitPattern: value)
    }

    private static func value(_ type: Int64, _ bytes: [UInt8], _ offset: inout Int) -> SalvagedRow.Value? {
        func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count <= bytes.count - offset else { return nil }
            defer { offset += count }
            return bytes[offset..<offset + count]
        }
        switch type {
        case 0: return .null
        case 8, 9: return .integer(type - 8)
        case 1...6:
            guard let part = take([1, 2, 3, 4, 6, 8][Int(type) - 1]) else { return nil }
            let start: UInt64 = part.first! >= 0x80 ? .max : 0
            return .integer(Int64(bitPattern: part.reduce(start) { $0 << 8 | UInt64($1) }))
        case 7: return take(8).map { .real(Double(bitPattern: $0.reduce(0) { $0 << 8 | UInt64($1) })) }
        case 12...:
            guard let part = take(Int(type - 12) / 2) else { return nil }
            return type % 2 == 0 ? .blob(Array(part)) : .text(Array(part))
        default: return nil
        }
    }
}
