import Crypto
import ParleyCore
import ParleyTrust

extension FuzzTarget {
    /// Input: a line that somebody pasted. What is read is written again as a line that says the same.
    static let invites = FuzzTarget(
        "invites",
        seeds: { try Golden.lines("invite", key: "text").map { Array($0.utf8) } },
        repair: { (try? InviteForm.checked($0)) ?? $0 },
        check: { input in
            let text = String(decoding: input, as: UTF8.self)
            guard let invite = try? Invite(text) else { return false }
            try InviteForm.hold(invite)
            return true
        })
}

private enum InviteForm {
    static func hold(_ invite: Invite) throws {
        let line = invite.text
        let slash = line.lastIndex(of: "/").map(line.index(after:)) ?? line.endIndex
        let lower = line[..<slash] + line[slash...].lowercased()
        let grouped = line[..<slash] + line[slash...].map { "\($0)-" }.joined()
        for form in [line, " \t\(line)\r\n", String(lower), String(grouped)]
        where form.utf8.count <= Invite.longest {
            let again = try? Invite(form)
            try ParleyFuzz.hold(again == invite, "an invite that does not read back: \(form)")
        }
    }

    /// The word gets the check that belongs to its bytes, and a grant the signature and key that belong to it.
    static func checked(_ input: [UInt8]) throws -> [UInt8] {
        guard let slash = input.lastIndex(of: UInt8(ascii: "/")) else { return input }
        let word = String(decoding: input[(slash + 1)...], as: UTF8.self).filter { $0 != "-" }
        let bytes = (0..<8).lazy.compactMap { Crockford.decode(word.dropLast($0)) }.first ?? []
        guard bytes.count > 5 else { return input }
        var content = Array(bytes.dropLast(4))
        if content[1] == 2, content.count > 101 { content = try granted(content) }
        let check = Forge.hash("invite-check", content).prefix(4)
        return input[...slash] + Array(Crockford.encode(content + check).utf8)
    }

    /// A joining invite with the same fields around a grant of its own seed's key.
    private static func granted(_ content: [UInt8]) throws -> [UInt8] {
        let head = content[..<98]
        let invite = try Forge.key("invite-key", Array(content[66..<98]))
        var payload = Array(invite.publicKey.rawRepresentation) + [content[98] % 4]
        payload.append(text: "ben")
        payload.append(varint: UInt64(content[99]))
        let founder = try Forge.cast.get()[0]
        let parts = Forge.Parts(tag: 2, rests: [[UInt8](repeating: 9, count: 32)], payload: payload)
        let grant = try Forge.statement(parts, signer: Forge.secret(of: founder))
        var bytes = Array(head)
        bytes.append(varint: UInt64(grant.count))
        let keys = content.dropFirst(104).prefix(64 * Int(content[100] % 5))
        let count = keys.count / 64
        return bytes + grant + [UInt8(count)] + keys.prefix(count * 64)
    }
}
