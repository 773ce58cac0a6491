// SPDX-License-Identifier: Apache-2.0

/// What each page is used for and which page leads to it (SQLite's file format, section 1.8): there in every file with
/// auto_vacuum, as all of ours are.
struct PointerMaps {
    private static let entry = 5
    /// Pages that one map tells of.
    private static let span = UInt32(DamagedFile.usableSize / entry)
    private static let (root, free, overflow, tree): (UInt8, UInt8, ClosedRange<UInt8>, UInt8) = (1, 2, 3...4, 5)

    private let file: DamagedFile
    private var maps: [UInt32: [UInt8]?] = [:]
    private var roots: [UInt32: UInt32?] = [:]

    init(_ file: DamagedFile) { self.file = file }

    private static func map(for page: UInt32) -> UInt32 { (page - 2) / (span + 1) * (span + 1) + 2 }

    func isMap(_ page: UInt32) -> Bool { page >= 2 && Self.map(for: page) == page }

    /// Use and parent; nil when the map cannot be read.
    private mutating func look(_ page: UInt32) -> (use: UInt8, parent: UInt32)? {
        guard page >= 3 else { return nil }
        let number = Self.map(for: page)
        if maps[number] == nil { maps[number] = .some(file.page(number)) }
        guard let map = maps[number] ?? nil else { return nil }
        let offset = Int(page - number - 1) * Self.entry
        return (map[offset], DamagedFile.number(map, at: offset + 1))
    }

    /// False for a page that is known to be free or to hold the rest of a large value.
    mutating func mayBeTree(_ page: UInt32) -> Bool {
        guard let (use, _) = look(page) else { return true }
        return use != Self.free && !Self.overflow.contains(use)
    }

    /// The root of the tree that the page is in, without asking the pages between.
    mutating func root(of page: UInt32) -> UInt32? {
        if let known = roots[page] { return known }
        var found: UInt32?
        var current = page
        // A tree of ours has a handful of levels; a map is not to lead in circles.
        for _ in 0..<20 {
            if current == 1 { found = 1 }
            guard current != 1, let (use, parent) = look(current) else { break }
            if use == Self.root { found = current }
            guard use == Self.tree else { break }
            current = parent
        }
        roots[page] = .some(found)
        return found
    }
}
