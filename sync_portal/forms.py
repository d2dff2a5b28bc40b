"""How every form is drawn: one template for a form, one for a field."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    form_template_name = "_partials/form.html"
    field_template_name = "_partials/field.html"
