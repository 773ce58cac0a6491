// SPDX-License-Identifier: Apache-2.0

/// Walks trees from their roots down, level by level: what pointer maps would say, where they cannot be read.
struct TreeWalk {
    private static let (innerIndex, innerTable): (UInt8, UInt8) = (0x02, 0x05)
    /// More than any file of 2^32 pages has.
    private static let mostLevels = 20

    private let file: any PageSource
    /// Every page that leads to others could be read.
    private(set) var isWhole = true

    init(_ file: any PageSource) { self.file = file }

    /// Each page of the tree that others lead to, and its root. All leaves are on one level, of which one is read.
    mutating func from(_ root: UInt32, _ found: (UInt32) -> Void) {
        var level = [root]
        for _ in 0..<Self.mostLevels {
            level.forEach(found)
            var next: [UInt32] = []
            var unreadable = 0
            var isInner: Bool?
            for number in level where isInner != false {
                guard let page = file.page(number), let children = Self.children(on: page, number) else {
                    unreadable += 1
                    continue
                }
                isInner = !children.isEmpty
                next += children.filter { (1...file.pageCount).contains($0) }
            }
            if isInner == false { return }
            if isInner == nil || unreadable > 0 { isWhole = false }
            level = next
        }
    }

    /// None: a leaf. Nil: not a page of a tree.
    private static func children(on page: [UInt8], _ number: UInt32) -> [UInt32]? {
        let start = number == 1 ? 100 : 0
        guard page[start] == innerIndex || page[start] == innerTable else {
            return page[start] == 0x0A || page[start] == 0x0D ? [] : nil
        }
        let count = Int(page[start + 3]) << 8 | Int(page[start + 4])
        let pointers = start + 12
        guard pointers + 2 * count <= Page.usableSize else { return nil }
        let cells = (0..<count).map { Int(page[pointers + 2 * $0]) << 8 | Int(page[pointers + 2 * $0 + 1]) }
        guard cells.allSatisfy({ $0 + 4 <= Page.usableSize }) else { return nil }
        // The rightmost child stands in the head.
        return cells.map { Page.number(page, at: $0) } + [Page.number(page, at: start + 8)]
    }
}
