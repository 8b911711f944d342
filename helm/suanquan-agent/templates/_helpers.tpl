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
{{- define "agent.probe" -}}
exec:
  command:
    - /opt/suanquan/bin/python
    - -ISc
    - |
      import _socket as s, sys
      c = s.socket(s.AF_INET, s.SOCK_STREAM)
      c.settimeout(4)
      c.connect(("127.0.0.1", {{ .Values.health.port }}))
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
- name: SUANQUAN_HEALTH_PORT
  value: {{ .Values.health.port | quote }}
- name: SUANQUAN_HEALTH_HOST
  value: {{ ternary .Values.metrics.address "127.0.0.1" .Values.metrics.scrape | quote }}
{{- end -}}
