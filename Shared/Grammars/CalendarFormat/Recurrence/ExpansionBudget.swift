// SPDX-License-Identifier: Apache-2.0

/// How much may be computed for recurrences: one for each day or start that is looked at. A rule such as "every second
/// for a thousand million times" is short to write.
package struct ExpansionBudget: Sendable {
    package struct Spent: Error {}

    package private(set) var steps: Int

    package init(steps: Int) { self.steps = steps }

    mutating func spend(_ count: Int) throws(Spent) {
        guard count <= steps else {
            steps = 0
            throw Spent()
        }
        steps -= count
    }
}
