// SPDX-License-Identifier: Apache-2.0
import DAVGrammar

/// A request of somebody who is logged in.
package struct DAVRequest: Sendable {
    package var method: String
    package var path: DAVPath
    /// By lower-case name.
    package var fields: [String: String]
    package var body: [UInt8]

    package init(_ method: String, _ path: DAVPath, fields: [String: String] = [:], body: [UInt8] = []) {
        self.method = method
        self.path = path
        self.fields = fields
        self.body = body
    }

    /// The body as XML; nil without one.
    func xml() throws(DAVFailure) -> XMLElement? {
        guard !body.isEmpty else { return nil }
        do { return try XMLElement(parsing: body) } catch { throw DAVFailure(400, "the body is no XML: \(error)") }
    }

    func neededXML() throws(DAVFailure) -> XMLElement {
        guard let root = try xml() else { throw DAVFailure(400, "a body is missing") }
        return root
    }
}

package struct DAVAnswer: Sendable {
    package var status: Int
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]

    init(_ status: Int, _ fields: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    init(_ multistatus: Multistatus) {
        self.init(207, [("content-type", "application/xml; charset=utf-8")], body: multistatus.document)
    }
}

/// Why a request is not carried out: the status, and what did not hold or what to say.
struct DAVFailure: Error {
    let status: Int
    let condition: DAVCondition?
    let message: String

    init(_ status: Int, _ message: String = "") { (self.status, condition, self.message) = (status, nil, message) }
    init(_ status: Int, _ condition: DAVCondition, _ message: String = "") {
        (self.status, self.condition, self.message) = (status, condition, message)
    }

    var answer: DAVAnswer {
        if let condition {
            return DAVAnswer(
                status, [("content-type", "application/xml; charset=utf-8")], body: condition.document(reason: message))
        }
        return DAVAnswer(
            status, [("content-type", "text/plain; charset=utf-8")],
            body: message.isEmpty ? [] : Array((message + "\n").utf8))
    }
}
