{{- define "agent.name" -}}
{{ printf "%s-%s" .Release.Name .Values.mode | trunc 52 | trimSuffix "-" }}
{{- end -}}

{{- define "agent.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ .Values.mode }}
{{- end -}}

{{- define "agent.labels" -}}
{{ include "agent.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "agent.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "agent.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* The port of server.url. */ -}}
{{- define "agent.serverPort" -}}
{{- $url := urlParse .Values.server.url -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $port | default (ternary "443" "80" (eq $url.scheme "https")) -}}
{{- end -}}

{{- /* /healthz is asked inside the pod, because it listens on the loopback address: 10 ms of a core. */ -}}
{{- /* With the health port as its argument. */ -}}
{{- define "agent.probe" -}}
exec:
  command:
    - /opt/suanquan/bin/python
    - -ISc
    - |
      import _socket as s, sys
      c = s.socket(s.AF_INET, s.SOCK_STREAM)
      c.settimeout(4)
      c.connect(("127.0.0.1", {{ . }}))
      c.send(b"GET /healthz HTTP/1.0\r\n\r\n")
      sys.exit(b" 200 " not in c.recv(64))
timeoutSeconds: 5
{{- end -}}

{{- define "agent.serverVariables" -}}
- name: SUANQUAN_URL
  value: {{ .Values.server.url | quote }}
{{- if .Values.server.caConfigMap }}
- name: SSL_CERT_FILE
  value: /run/suanquan/ca/ca.crt
{{- end }}
{{- end -}}

{{- define "agent.caMount" -}}
{{- if .Values.server.caConfigMap }}
- {name: ca, mountPath: /run/suanquan/ca, readOnly: true}
{{- end }}
{{- end -}}

{{- define "agent.caVolume" -}}
{{- with .Values.server.caConfigMap }}
- name: ca
  configMap: {name: {{ . }}}
{{- end }}
{{- end -}}

{{- define "agent.healthVariables" -}}
- name: SUANQUAN_HEALTH_HOST
  value: {{ ternary .Values.metrics.address "127.0.0.1" .Values.metrics.scrape | quote }}
{{- end -}}

{{- /* A container of a Deployment: top, command (dcgm or cluster), port of its health pages. */ -}}
{{- define "agent.central" -}}
{{- with .top -}}
- name: {{ $.command }}
  image: {{ include "agent.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [{{ $.command }}]
  securityContext:
    privileged: false
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
  env:
    {{- include "agent.serverVariables" . | nindent 4 }}
    - name: SUANQUAN_NODE
      value: {{ $.command }}
    - name: SUANQUAN_ENROL_CODE_FILE
      value: /run/suanquan/codes/$(SUANQUAN_NODE)
    - name: SUANQUAN_AGENT_DATA
      value: /var/lib/suanquan-agent/{{ $.command }}
    - name: SUANQUAN_HEALTH_PORT
      value: {{ $.port | quote }}
    {{- include "agent.healthVariables" . | nindent 4 }}
    {{- if eq $.command "cluster" }}
    {{- with .Values.central.labels }}
    - name: SUANQUAN_LABELS
      value: {{ join "," . | quote }}
    {{- end }}
    {{- else }}
    - name: SUANQUAN_SHARES
      value: {{ .Values.shares }}
    {{- with .Values.exporters.addresses }}
    - name: SUANQUAN_EXPORTERS
      value: {{ join "," . | quote }}
    {{- end }}
    {{- with .Values.exporters.prometheus }}
    - name: SUANQUAN_PROMETHEUS
      value: {{ . | quote }}
    {{- end }}
    - name: SUANQUAN_SCRAPE_S
      value: {{ .Values.exporters.everySeconds | quote }}
    {{- if .Values.exporters.caConfigMap }}
    - name: SUANQUAN_SCRAPE_CA
      value: /run/suanquan/exporters-ca/ca.crt
    {{- end }}
    {{- if .Values.exporters.tokenSecret }}
    - name: SUANQUAN_SCRAPE_TOKEN
      value: /run/suanquan/exporters-token/token
    {{- end }}
    {{- end }}
  {{- if .Values.metrics.scrape }}
  ports:
    - {name: metrics{{ if ne (int $.port) (int .Values.health.port) }}-2{{ end }}, containerPort: {{ $.port }}, protocol: TCP}
  {{- end }}
  readinessProbe:
    {{- include "agent.probe" $.port | nindent 4 }}
    periodSeconds: 30
    failureThreshold: 2
  resources:
    {{- toYaml .Values.central.resources | nindent 4 }}
  volumeMounts:
    - {name: data, mountPath: /var/lib/suanquan-agent}
    - {name: codes, mountPath: /run/suanquan/codes, readOnly: true}
    {{- include "agent.caMount" . | nindent 4 }}
    {{- if eq $.command "dcgm" }}
    {{- if .Values.exporters.caConfigMap }}
    - {name: exporters-ca, mountPath: /run/suanquan/exporters-ca, readOnly: true}
    {{- end }}
    {{- if .Values.exporters.tokenSecret }}
    - {name: exporters-token, mountPath: /run/suanquan/exporters-token, readOnly: true}
    {{- end }}
    {{- end }}
{{- end }}
{{- end -}}
