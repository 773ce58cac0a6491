// SPDX-License-Identifier: Apache-2.0

/// What each page is used for and which page leads to it (SQLite's file format, section 1.8): there in every file with
/// auto_vacuum, as all of ours are.
struct PointerMaps {
    private static let entry = 5
    /// Pages that one map tells of.
    private static let span = UInt32(Page.usableSize / entry)
    /// Pages of one value that are followed: a GB.
    private static let mostOfValue = 1 << 18
    private static let (root, free, overflow, tree): (UInt8, UInt8, ClosedRange<UInt8>, UInt8) = (1, 2, 3...4, 5)

    private let file: any PageSource
    private var maps: [UInt32: [UInt8]?] = [:]
    private var roots: [UInt32: UInt32?] = [:]
    /// Of pages whose map cannot be read.
    private var learned: [UInt32: UInt32] = [:]
    /// Every tree was walked to its leaves: what is in none, and in no map, is no page of a tree.
    var treesAreKnown = false

    init(_ file: any PageSource) { self.file = file }

    private static func map(for page: UInt32) -> UInt32 { (page - 2) / (span + 1) * (span + 1) + 2 }

    func isMap(_ page: UInt32) -> Bool { page >= 2 && Self.map(for: page) == page }

    /// Use and parent; nil when the map cannot be read.
    private mutating func look(_ page: UInt32) -> (use: UInt8, parent: UInt32)? {
        guard page >= 3 else { return nil }
        let number = Self.map(for: page)
        if maps[number] == nil { maps[number] = .some(file.page(number)) }
        guard let map = maps[number] ?? nil else { return nil }
        let offset = Int(page - number - 1) * Self.entry
        return (map[offset], Page.number(map, at: offset + 1))
    }

    mutating func isFree(_ page: UInt32) -> Bool { look(page)?.use == Self.free }

    /// What a tree itself said of one of its pages. Kept when the map does not say it.
    mutating func learn(_ page: UInt32, root: UInt32) {
        if page >= 3, look(page) == nil { learned[page] = root }
    }

    /// False for a page that is known to be free or to hold the rest of a large value.
    mutating func mayBeTree(_ page: UInt32) -> Bool {
        guard let (use, _) = look(page) else { return page == 1 || !treesAreKnown || learned[page] != nil }
        return use != Self.free && !Self.overflow.contains(use)
    }

    /// The root of the tree that the page, or the row whose large value it has a part of, is in.
    mutating func owner(of page: UInt32) -> UInt32? {
        var current = page
        // The pages of one value lead to each other.
        for _ in 0..<Self.mostOfValue {
            guard let (use, parent) = look(current), Self.overflow.contains(use) else { return root(of: current) }
            current = parent
        }
        return nil
    }

    /// The root of the tree that the page is in, without asking the pages between.
    mutating func root(of page: UInt32) -> UInt32? {
        if let known = roots[page] { return known }
        var found: UInt32?
        var current = page
        // A tree of ours has a handful of levels; a map is not to lead in circles.
        for _ in 0..<20 {
            if current == 1 { found = 1 }
            guard current != 1, let (use, parent) = look(current) else {
                found = found ?? learned[current]
                break
            }
            if use == Self.root { found = current }
            guard use == Self.tree else { break }
            current = parent
        }
        roots[page] = .some(found)
        return found
    }
}
