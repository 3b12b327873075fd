import BaseSpaceAPI
import HTTPTransport

/// Gets a token from the person who owns the account, whose browser may be on another machine: shows a page and a code, and
/// asks the server until that person has answered there.
struct DeviceDialogue: Sendable {
    let server: HTTPURL
    let serverOrigin: Credentials.Origin
    let transport: HTTPClient
    /// What the app is registered as, and its password.
    let clientID: String
    let clientSecret: Secret
    /// The rights to ask for.
    let scopes: String
    /// How wide a QR code may be; `nil` for none.
    let room: Int?

    /// Blocks the thread until the answer.
    func token() throws(CommandFailure) -> AccessToken {
        try Threads.wait { () async throws(CommandFailure) in try await self.ask() }
    }

    private func ask() async throws(CommandFailure) -> AccessToken {
        let authorization = DeviceAuthorization(server: server, transport: transport)
        let start = ContinuousClock.now
        let code: DeviceCode
        do throws(BaseSpaceError) {
            code = try await authorization.requestDeviceCode(clientID: clientID, scope: list)
        } catch {
            throw failure(error)
        }
        show(code)
        var polling = DevicePolling(code, start: start)
        var step = polling.first(at: .now)
        var isInTrouble = false
        while true {
            switch step {
            case .ask(let wait):
                try? await Task.sleep(for: wait)
                let answer = await answer(authorization, code)
                step = polling.next(after: answer, at: .now)
                if let trouble = polling.trouble, !isInTrouble {
                    StandardError.print("\(server) does not answer (\(trouble.message)); asking on")
                }
                isInTrouble = polling.trouble != nil
            case .end(.granted(let token)):
                return token
            case .end(.denied):
                throw CommandFailure("not logged in: the request was denied in the browser; nothing was changed")
            case .end(.expired):
                throw CommandFailure("not logged in: the code has expired; run login again; nothing was changed")
            case .end(.failed(let error)):
                throw failure(error)
            }
        }
    }

    /// The scopes as the documentation of the API has them: nothing but a comma between two.
    private var list: String {
        scopes.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }.joined(separator: ",")
    }

    private func answer(
        _ authorization: DeviceAuthorization,
        _ code: DeviceCode
    ) async -> Result<DeviceLogin, BaseSpaceError> {
        do throws(BaseSpaceError) {
            return .success(
                try await authorization.pollDeviceToken(code, clientID: clientID, clientSecret: clientSecret)
            )
        } catch {
            return .failure(error)
        }
    }

    private func show(_ code: DeviceCode) {
        let minutes = code.lifetime.components.seconds / 60
        StandardError.print(
            """
            Open this page in a browser, logged in to the account and workgroup that you want:

                \(code.verificationURLWithCode.printable)

            or enter the code \(code.userCode.printable) on \(code.verificationURL.printable)
            """
        )
        if let room, let picture = QRCode(code.verificationURLWithCode), picture.columns <= room {
            StandardError.print("\n\(picture.lines.joined(separator: "\n"))\n")
        }
        StandardError.print("Waiting for the answer, \(minutes) minutes at most; Ctrl-C gives up")
    }

    private func failure(_ error: BaseSpaceError) -> CommandFailure {
        switch error.kind {
        case .transport:
            return CommandFailure("can't reach \(server) (\(serverOrigin)): \(error.message)")
        case .service(let status) where status < 500 && status != 429:
            let code = error.code.map { " (\($0.printable))" } ?? ""
            return CommandFailure(
                "\(server) refuses the login: \(error.message.printable)\(code); check client id, client secret and scopes"
            )
        case .service, .undecodable, .invalidRequest, .cancelled:
            return CommandFailure("\(server) does not answer as BaseSpace does: \(error)")
        }
    }
}
